// The worker of the closure suite.

import { parentPort, workerData } from 'node:worker_threads'
import type { FunctionCode } from '../../src/wire/closure/code.ts'
import { installCode, rebuildFunction } from '../../src/wire/closure/rebuild.ts'
import { workerSymbol } from '../../src/wire/closure/symbols.ts'
import { drain } from './drain.ts'
import { prepareWorker } from '../../src/wire/closure/worker-setup.ts'

interface Call { readonly id: number; readonly codes: readonly FunctionCode[]; readonly env: Uint8Array; readonly args: readonly unknown[] }

;(globalThis as Record<symbol, unknown>)[workerSymbol] = true
const prepared = prepareWorker((workerData as { execArgv: string[] }).execArgv)

async function run({ codes, env, args }: Call): Promise<unknown> {
  await prepared
  installCode(codes)
  const value: unknown = await (await rebuildFunction(env))(...args)
  if (typeof value !== 'object' || value === null || !('next' in value)) return value
  return Symbol.asyncIterator in value ? drain(value as AsyncIterable<unknown>) : [...(value as unknown as Iterable<unknown>)]
}

parentPort!.on('message', (call: Call) => {
  run(call).then(
    value => parentPort!.postMessage({ id: call.id, value }),
    (error: Error) => parentPort!.postMessage({ id: call.id, error: String(error.stack ?? error) }),
  )
})
