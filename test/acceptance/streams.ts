// What the acceptance tests of streams share: a context under a manual clock, waiting for real sockets, programs in processes of their own.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { setImmediate as turn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { StreamingContext, type Context, type D, type DStream } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { hangMs } from '../../src/base/hang.fixture.ts'

/** A StreamingContext that stops at the end of the block and leaves its Context alone. */
export function open(ctx: Context, batch: D = 1_000, startMs = 0) {
  const clock = new ManualClock(startMs)
  const ssc = new StreamingContext(ctx, batch, { clock })
  const stop = (graceful = false): Promise<void> => ssc.stop({ stopContext: false, graceful })
  return { ctx, ssc, clock, stop, [Symbol.asyncDispose]: () => stop() }
}

/** The records of each batch of a stream, as they come. */
export function collected<T>(stream: DStream<T>): T[][] {
  const batches: T[][] = []
  stream.foreachRDD(async rdd => { batches.push(await rdd.collect()) })
  return batches
}

/** Checks an error's code, and its message. */
export const coded = (code: RegExp, message = /./) => (error: unknown): true => {
  const { code: actual, message: text } = error as { code?: unknown; message: string }
  assert.match(String(actual), code, text)
  assert.match(text, message)
  return true
}

/** Lets sockets go on until a condition holds. */
export async function until(condition: () => boolean, what: string, step: () => unknown = turn): Promise<void> {
  for (const end = Date.now() + hangMs; !condition(); await turn()) {
    assert.ok(Date.now() < end, `${what}: it never came`)
    await step()
  }
}

export interface Ended { readonly status: number | null; readonly stdout: string; readonly stderr: string }

const hooks = new URL('../../scripts/self.mjs', import.meta.url).href

/** Lines that say how busy the machine is. */
const busy = /^rivulet warn: .* code=RIV_(OUTPUT_BLOCKS|BATCHES_LATE)\b.*\n/gm

/** Runs a module in a process of its own; one that does not end by itself is killed, and has the status null. What it says of a busy machine is left out. */
export async function program(source: string, limitMs = hangMs): Promise<Ended> {
  const prelude = `import { Context, StreamingContext, Receiver, InputDStream, seconds, milliseconds } from 'rivulet'; import { ManualClock } from 'rivulet/testing';\n`
  const child = spawn(process.execPath, ['--import', hooks, '--input-type=module', '-e', prelude + source], { cwd: fileURLToPath(new URL('../..', import.meta.url)), timeout: limitMs })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', text => { stderr += text })
  const status = await new Promise<number | null>(resolve => { child.on('close', resolve) })
  return { status, stdout, stderr: stderr.replaceAll(busy, '') }
}
