// Runs seeds in several processes, and says what came of them.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SeedRun } from './seeds.fixture.ts'

export interface SeedsOptions {
  /** The first seed, and the one after the last. */
  readonly from: number
  readonly to: number
  readonly processes: number
  /** No more are begun after so long. Default: no limit. */
  readonly untilMs?: number
  readonly onSeed?: (run: SeedRun, soFar: SeedsRun) => void
}

export interface SeedsRun {
  ran: number
  batches: number
  readonly failures: SeedRun[]
  /** In how many seeds something happened. */
  readonly events: Map<string, number>
  /** Processor time of all processes. */
  cpuMs: number
}

/** A process has the next seed when it is done with one. */
const seedsAhead = 2

/** How a seed is seen again. */
export const replayOf = (seed: number): string => `to see it again: RIVULET_SEED=${seed} npm test -- test/simulation/simulation.test.ts`

/** Rejects where a process dies; seeds that fail are in the result. */
export async function runSeeds({ from, to, processes, untilMs = Infinity, onSeed }: SeedsOptions): Promise<SeedsRun> {
  const all: SeedsRun = { ran: 0, batches: 0, failures: [], events: new Map(), cpuMs: 0 }
  const deadline = performance.now() + untilMs
  let next = from
  const lane = (): Promise<void> => new Promise((resolve, reject) => {
    // Slabs are memory that nobody has touched, where the C library asks the system for them: else it clears 4 MiB each time.
    const child = fork(fileURLToPath(new URL('seeds.fixture.ts', import.meta.url)), { env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '1048576' } })
    const given: number[] = []
    let [cpuMs, ends] = [0, false]
    const give = (): void => {
      if (next < to && performance.now() < deadline) {
        given.push(next)
        child.send(next++)
      } else if (given.length === 0) {
        ends = true
        child.disconnect()
      }
    }
    child.on('message', message => {
      const run = message as SeedRun
      all.ran++
      all.batches += run.batches
      all.cpuMs += run.cpuMs - cpuMs
      cpuMs = run.cpuMs
      given.shift()
      for (const event of run.events) all.events.set(event, (all.events.get(event) ?? 0) + 1)
      if (run.failure !== undefined) all.failures.push(run)
      onSeed?.(run, all)
      give()
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => (code === 0 && ends ? resolve() : reject(new Error(`a process ended with ${signal ?? code}; ${replayOf(given[0]!)}`))))
    for (let i = 0; i < seedsAhead; i++) give()
  })
  await Promise.all(Array.from({ length: Math.min(processes, Math.ceil((to - from) / seedsAhead)) }, lane))
  return all
}
