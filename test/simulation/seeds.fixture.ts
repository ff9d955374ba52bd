// A process that runs the seeds it is given, one after another, and tells about each. run-seeds.fixture.ts starts it.
//
// It is no test by itself: the hooks that node:test puts on every promise cost as much as a third of the simulation.

import { on } from 'node:events'
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

for await (const [seed] of on(process, 'message', { close: ['disconnect'] }) as AsyncIterable<[number]>) {
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
