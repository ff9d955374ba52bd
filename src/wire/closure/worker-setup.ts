// How a worker thread is started so that it finds the user's modules as the driver does, and nothing more.
//
// - `--inspect-brk` and its like must not reach a worker: it would wait for a debugger for ever.
// - Node refuses V8's and process-wide flags in a worker's execArgv, so only flags that are known to be for threads are passed.
// - tsx does not register itself in worker threads (it asks isMainThread), neither by inherited flags nor by `--import tsx`;
//   its own API does, within the worker [70–110 ms, so only before the first module that needs it].

import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { beforeImports } from './load-module.ts'

const withValue = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--disable-warning)(?:=(.*))?$/s
const alone = /^--(no-warnings|no-deprecation|trace-warnings|trace-deprecation|enable-source-maps|preserve-symlinks|preserve-symlinks-main|(no-)?experimental-(?!permission|sea|test|config|default-config|eventsource=|loader)[\w-]+)$/
const tsxFlag = /(^tsx(\/|$))|([\\/]tsx[\\/]dist[\\/])/

/** The execArgv of a worker, given the driver's. */
export function workerExecArgv(execArgv: readonly string[]): string[] {
  const kept: string[] = []
  for (const [flag, value] of flagsOf(execArgv)) {
    if (value === undefined ? alone.test(flag) : !tsxFlag.test(value)) kept.push(flag, ...(value === undefined ? [] : [value]))
  }
  return kept
}

/** The flags that take a value with it, the others alone. */
function flagsOf(execArgv: readonly string[]): (readonly [flag: string, value?: string])[] {
  const flags: (readonly [string, string?])[] = []
  for (let i = 0; i < execArgv.length; i++) {
    const match = withValue.exec(execArgv[i]!)
    if (match === null) flags.push([execArgv[i]!])
    else flags.push([match[1]!, match[2] ?? execArgv[++i] ?? ''])
  }
  return flags
}

/** The environment of a worker, given the driver's: a thread takes flags from NODE_OPTIONS too. */
export function workerEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const options = env['NODE_OPTIONS'] ?? ''
  return options.includes('--inspect') ? { ...env, NODE_OPTIONS: options.replace(/--inspect\S*/g, '') } : env
}

/** Prepares a worker thread to import modules as the driver with these execArgv does. */
export async function prepareWorker(driverExecArgv: readonly string[]): Promise<void> {
  const tsx = flagsOf([...driverExecArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')]).map(([, value]) => value).find(value => value !== undefined && tsxFlag.test(value))
  if (tsx !== undefined) beforeImports(() => registerTsx(tsx))
}

async function registerTsx(flag: string): Promise<void> {
  const fromHere = createRequire(`${process.cwd()}/`)
  const loader = flag.startsWith('file:') ? flag : pathToFileURL(flag.startsWith('tsx') ? fromHere.resolve('tsx') : flag).href
  for (const api of ['./esm/api/index.mjs', './cjs/api/index.mjs']) {
    const { register } = await import(new URL(api, loader).href) as { register: () => unknown }
    register()
  }
}
