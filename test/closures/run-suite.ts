// Runs the cases of the closure suite: captured here, rebuilt and called in a worker thread, compared with a call here.
//
// - Loaded by the program of each environment, so that capture sees functions as that environment makes them.

import { Worker } from 'node:worker_threads'
import { isDeepStrictEqual } from 'node:util'
import { isRivuletError } from '../../src/base/define-errors.ts'
import { captureFunction } from '../../src/wire/closure/capture.ts'
import type { CapturedFunction } from '../../src/wire/closure/capture.ts'
import type { CaptureOptions } from '../../src/wire/closure/capture-options.ts'
import { remapStack } from '../../src/wire/closure/stack.ts'
import { drain } from './drain.ts'
import { workerEnv, workerExecArgv } from '../../src/wire/closure/worker-setup.ts'

export interface SuiteCase {
  readonly name: string
  readonly make: () => Function
  readonly args: unknown[]
  readonly refused?: readonly [code: string, message: RegExp]
  readonly check?: (local: unknown, remote: unknown) => boolean
}

export interface SuiteResult { readonly passed: number; readonly failed: readonly { readonly name: string; readonly why: string }[] }

/** A worker thread that rebuilds functions and calls them. */
export class SuiteWorker {
  readonly #worker = new Worker(new URL('suite-worker.ts', import.meta.url), { execArgv: workerExecArgv(process.execArgv), env: workerEnv(process.env), workerData: { execArgv: process.execArgv } })
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #count = 0

  constructor() {
    const failAll = (error: Error): void => { for (const { reject } of this.#waiting.values()) reject(error) }
    this.#worker.on('error', failAll)
    this.#worker.on('exit', code => failAll(new Error(`the worker ended with ${code}`)))
    this.#worker.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(value)
      else waiting?.reject(new Error(error))
    })
  }

  /** The result of the function in the worker; a rejection has the worker's stack, mapped, as its message. */
  call({ codes, env }: CapturedFunction, args: readonly unknown[]): Promise<unknown> {
    const id = this.#count++
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#worker.postMessage({ id, codes, env, args })
    return waiting.promise.catch((error: Error) => { throw new Error(remapStack(error.message), { cause: error }) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

/** A capture with the label that the suite expects in errors. */
export function captureForSuite(fn: Function, options: Partial<CaptureOptions> = {}): CapturedFunction {
  return captureFunction(fn, 'the function given to map() at app.ts:3:9', options)
}

/** What a call gives, iterators drained, as JSON would have it. */
async function plain(result: unknown): Promise<unknown> {
  let value = await result
  if (typeof value === 'object' && value !== null && 'next' in value) {
    value = Symbol.asyncIterator in value ? await drain(value as AsyncIterable<unknown>) : [...(value as unknown as Iterable<unknown>)]
  }
  return JSON.parse(JSON.stringify(value ?? null))
}

/** Runs every case. */
export async function runSuite(cases: readonly SuiteCase[], options: Partial<CaptureOptions> = {}): Promise<SuiteResult> {
  await using worker = new SuiteWorker()
  const failed: { name: string; why: string }[] = []
  for (const one of cases) {
    const why = await problemOf(one, worker, options).catch((error: unknown) => String((error as Error).stack ?? error))
    if (why !== undefined) failed.push({ name: one.name, why })
  }
  return { passed: cases.length - failed.length, failed }
}

async function problemOf({ make, args, refused, check }: SuiteCase, worker: SuiteWorker, options: Partial<CaptureOptions>): Promise<string | undefined> {
  const fn = make()
  let captured: CapturedFunction
  try {
    captured = captureForSuite(fn, options)
  } catch (error) {
    if (!isRivuletError(error) || refused === undefined || error.code !== refused[0]) return `refused: ${String((error as Error).stack)}`
    return refused[1].test(error.message) ? undefined : `refused with another message: ${error.message}`
  }
  if (refused) return 'not refused'
  const local = await plain(fn(...args))
  const remote = await plain(await worker.call(captured, args))
  if (check ? check(local, remote) : isDeepStrictEqual(local, remote)) return undefined
  return `here ${JSON.stringify(local)}, in the worker ${JSON.stringify(remote)}`
}
