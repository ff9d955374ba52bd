// How long recovery takes: a driver that is killed, from the start of the next one to its first new output; a worker that dies, what its batch takes more.
//
// The driver is a process of its own (`recovery-driver.ts`): it fills its state, says so, and is killed; the next one says when its first output is right.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Context } from '../src/index.ts'
import { median } from './beside.ts'

const driver = fileURLToPath(new URL('recovery-driver.ts', import.meta.url))
const deaths = 7

/** From the start of the process to its first new output. */
export async function driverRestart(megabytes: number, rounds: number): Promise<{ readonly megabytes: number; readonly medianMs: number; readonly times: readonly number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-recovery-bench-'))
  try {
    await untilItSays('filled', folder, megabytes)
    const times: number[] = []
    for (let i = 0; i < rounds; i++) times.push(await untilItSays('right', folder, megabytes))
    return { megabytes, medianMs: median(times), times }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Starts the driver, waits for a line, kills it; gives how long it took to say it. */
async function untilItSays(word: string, folder: string, megabytes: number): Promise<number> {
  const start = performance.now()
  const child = spawn(process.execPath, [driver, folder, String(megabytes)], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== word) throw new Error(`${line} instead of ${word}`)
    const ms = performance.now() - start
    child.kill('SIGKILL')
    return ms
  }
  throw new Error('the driver ended')
}

/** What a job of four tasks of 20 ms takes, and one in which a worker dies in its middle. */
export async function workerDeath(): Promise<{ readonly undisturbedMs: number; readonly deathMs: number; readonly moreMs: number }> {
  await using ctx = new Context({ master: 'local[2]' })
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-death-bench-'))
  try {
    const job = async (marker: string): Promise<number> => {
      const start = performance.now()
      await ctx.parallelize([0, 1, 2, 3], 4).map(n => {
        const until = performance.now() + 20
        while (performance.now() < until);
        if (marker !== '' && n === 1) {
          try { process.getBuiltinModule('fs').mkdirSync(marker) } catch { return n } // it has died
          process.exit(1)
        }
        return n
      }).collect()
      return performance.now() - start
    }
    for (let i = 0; i < 3; i++) await job('')
    const [undisturbed, death]: [number[], number[]] = [[], []]
    for (let i = 0; i < deaths; i++) {
      undisturbed.push(await job(''))
      death.push(await job(join(folder, String(i))))
    }
    const [undisturbedMs, deathMs] = [median(undisturbed), median(death)]
    return { undisturbedMs, deathMs, moreMs: deathMs - undisturbedMs }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
