// How long recovery takes: a driver that is killed, from the start of the next one to its first new output; a worker that dies, what its batch takes more.
//
// The driver is a process of its own (`recovery-driver.ts`): it fills its state, says so, and is killed; the next one says when its first output is right.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Context, StreamingContext, type State } from '../src/index.ts'
import { ManualClock } from '../src/testing/index.ts'
import { median } from './beside.ts'

const driver = fileURLToPath(new URL('recovery-driver.ts', import.meta.url))
/** Keeps compiled sources, so that a start takes no longer than one of the built package. */
const self = new URL('../scripts/self.mjs', import.meta.url).href
const deaths = 20

interface Restart { readonly megabytes: number; readonly store: string; readonly medianMs: number; readonly medianCpuMs: number; readonly times: readonly number[] }

/** From the start of the process to its first new output; what that takes of processor time besides. */
export async function driverRestart(megabytes: number, store: string, rounds: number): Promise<Restart> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-recovery-bench-'))
  try {
    await untilItSays('filled', [folder, String(megabytes), store])
    const runs: Said[] = []
    for (let i = 0; i < rounds; i++) {
      const said = await untilItSays('right', [folder, String(megabytes), store])
      console.error(`right after ${said.ms.toFixed(0)} ms, ${said.cpuMs.toFixed(0)} ms of processor time`)
      runs.push(said)
    }
    return { megabytes, store, medianMs: median(runs.map(({ ms }) => ms)), medianCpuMs: median(runs.map(({ cpuMs }) => cpuMs)), times: runs.map(({ ms }) => ms) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface Said { readonly ms: number; readonly cpuMs: number }

/** Starts the driver, waits until it says a word, kills it; gives how long it took to say it. Shows how far it is until then. */
async function untilItSays(word: string, args: readonly string[]): Promise<Said> {
  const start = performance.now()
  const child = spawn(process.execPath, ['--import', self, driver, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'close')
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const ms = performance.now() - start
      const [said, cpuMs] = line.split(' ')
      if (said === word) return { ms, cpuMs: Number(cpuMs) }
      console.error(line)
    }
    throw new Error('the driver ended')
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}

/** Medians, and what the worst death cost more than an undisturbed job. */
interface Death { readonly undisturbedMs: number; readonly deathMs: number; readonly moreMs: number; readonly worstMoreMs: number }

/** What a job of four tasks of 20 ms takes, and one in which a worker dies in its middle. */
export async function workerDeath(): Promise<Death> {
  await using ctx = new Context({ master: 'local[2]' })
  return await besideADeath(async marker => {
    await ctx.parallelize([0, 1, 2, 3], 4).map(n => {
      const until = performance.now() + 20
      while (performance.now() < until);
      if (n === 1) dieOnce(marker)
      return n
    }).collect()
  })
}

/** The same for a batch that updates a state of so many megabytes: the table is built anew, in a new thread, from the log of the state. */
export async function statefulWorkerDeath(megabytes: number): Promise<Death> {
  const clock = new ManualClock(0)
  const ssc = new StreamingContext(new Context({ master: 'local[2]' }), '1 s', { clock })
  ssc.checkpoint('memory:')
  const batches: (readonly [number, string])[][] = []
  const input = ssc.queueStream(batches)
  const text = 'x'.repeat(80)
  input.mapWithState((key, value, state: State<string>) => {
    if (key < 0) dieOnce(value!)
    state.update(value!)
    return key
  }, { numPartitions: 2 }).foreachRDD(async rdd => { await rdd.count() })
  await ssc.start()
  const keys = megabytes * 10_000
  batches.push(Array.from({ length: keys }, (_, i) => [i, `${text}${i}`] as const))
  await clock.advance(1000)
  const few = Array.from({ length: 100 }, (_, i) => [i, text] as const)
  const death = await besideADeath(async marker => {
    batches.push([...few, [-1, marker] as const])
    await clock.advance(1000)
  })
  await ssc.stop()
  return death
}

/** Runs a job undisturbed and with the death of a worker, in turns. */
async function besideADeath(job: (marker: string) => Promise<void>): Promise<Death> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-death-bench-'))
  try {
    const took = async (marker: string): Promise<number> => {
      const start = performance.now()
      await job(marker)
      return performance.now() - start
    }
    for (let i = 0; i < 3; i++) await took('')
    const [undisturbed, death]: [number[], number[]] = [[], []]
    for (let i = 0; i < deaths; i++) {
      undisturbed.push(await took(''))
      death.push(await took(join(folder, String(i))))
    }
    const [undisturbedMs, deathMs] = [median(undisturbed), median(death)]
    return { undisturbedMs, deathMs, moreMs: deathMs - undisturbedMs, worstMoreMs: Math.max(...death) - undisturbedMs }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Ends the thread, unless the marker says that it has; '' is never. */
function dieOnce(marker: string): void {
  if (marker === '') return
  try { process.getBuiltinModule('fs').mkdirSync(marker) } catch { return }
  process.exit(1)
}
