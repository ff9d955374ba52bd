// A process that runs seeds, one after another, and tells about each: `seeds.fixture.ts <from> <to> <step>`. run-seeds.fixture.ts starts them.
//
// It is no test by itself: the hooks that node:test puts on every promise cost as much as a third of the simulation.

import { simulate } from './simulation.fixture.ts'

/** What is told of a seed. */
export interface SeedRun {
  readonly seed: number
  readonly events: readonly string[]
  readonly batches: number
  /** Why it failed. */
  readonly failure?: string
  /** Processor time that the process has used up to now. */
  readonly cpuMs: number
}

const [from, to, step] = process.argv.slice(2).map(Number) as [number, number, number]
for (let seed = from; seed < to && process.connected; seed += step) {
  let told: Pick<SeedRun, 'events' | 'batches' | 'failure'>
  try {
    const { events, batches } = await simulate(seed)
    told = { events: [...events], batches }
  } catch (error) {
    told = { events: [], batches: 0, failure: (error as Error).stack ?? String(error) }
  }
  const { user, system } = process.cpuUsage()
  process.send?.({ seed, ...told, cpuMs: (user + system) / 1_000 } satisfies SeedRun, () => {}) // who is not listened to any more ends
}
if (process.connected) process.disconnect()
