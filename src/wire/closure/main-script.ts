// Which modules a worker may import: not the main script, and nothing that imports it.
//
// - A worker that imported the main script would run the program again. Helpers that import something from it do so too.
// - Names are compared without the extension: TypeScript sources import './job.js' and mean job.ts.
// - What such modules export travels by value instead.

import { realpathSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { pathToFileURL } from 'node:url'
import { refreshCommonJs, requiredFiles } from './commonjs-modules.ts'
import { scriptByUrl } from './inspector.ts'
import { moduleSyntax } from './module-syntax.ts'
import type { ModuleSyntax } from './module-syntax.ts'
import { fileUrlOf } from './script.ts'
import type { Script } from './script.ts'

/** How the user's own modules travel: imported by the worker, or copied where the worker has not the files. */
export type UserModules = 'ref' | 'value'

const root = new URL('../../', import.meta.url).href
const mains = new Set<string>()
const reaching = new Map<string, boolean>()
/** Files of bare specifiers (`#config`, packages of a workspace), by importing module. */
const resolved = new Map<string, string>()
let countedModules = -1

/** A module's URL without extension, query and fragment. */
const stem = (url: string): string => fileUrlOf(url).replace(/\.[cm]?[jt]sx?$/, '')

/** Says that a file is a program: nothing of it is imported by workers. `process.argv[1]` is one without saying. */
export function declareMainScript(path: string): void {
  mains.add(stem(path))
  reaching.clear()
  try {
    mains.add(stem(pathToFileURL(realpathSync(createRequire(`${process.cwd()}/`).resolve(path))).href))
  } catch { /* no file: a REPL, or a name that only a loader understands */ }
}

if (process.argv[1] !== undefined) declareMainScript(process.argv[1])

/** Whether workers may import the module with this URL. */
export function importable(url: string, userModules: UserModules): boolean {
  const file = fileUrlOf(url)
  if (!file.startsWith('file:')) return false
  if (file.includes('/node_modules/')) return true
  return userModules === 'ref' && !reachesMain(file)
}

/** Whether the module is the main script. */
export function isMainScript(url: string): boolean {
  return mains.has(stem(url))
}

/** Whether the module is the main script or imports it, directly or not. */
export function reachesMain(url: string): boolean {
  const start = stem(url)
  let found = reaching.get(start)
  if (found === undefined) reaching.set(start, found = search(start))
  return found
}

/** Takes notice of modules that were loaded since the last capture. */
export function refreshModules(): void {
  const count = refreshCommonJs()
  if (count !== countedModules) reaching.clear() // what is required late becomes a child of a module that was searched
  countedModules = count
}

function search(start: string): boolean {
  const seen = new Set([start])
  for (const at of seen) {
    if (mains.has(at)) return true
    if (!at.includes('/node_modules/') && !isOwn(at)) for (const next of importsOf(at)) seen.add(next)
  }
  return false
}

/** Whether it is one of our own modules, which import no program; tests beside them are programs. */
const isOwn = (at: string): boolean => at.startsWith(root) && !/\.(test|fixture)$/.test(at)

function importsOf(at: string): readonly string[] {
  const files = requiredFiles(file => stem(file) === at)
  if (files) return files.map(stem)
  const script = scriptByUrl(url => stem(url) === at)
  return script?.isModule ? syntaxOf(script).specs.flatMap(spec => userModule(spec, script) ?? []).map(stem) : []
}

/** URL of the file that an import statement of a script means, when it is no package and no builtin. */
export function userModule(spec: string, from: Script): string | undefined {
  if (isBuiltin(spec)) return undefined
  if (/^(\.|\/|file:)/.test(spec)) return new URL(spec, fileUrlOf(from.url)).href
  const key = `${fileUrlOf(from.url)} ${spec}`
  let file = resolved.get(key)
  if (file === undefined) {
    try {
      file = pathToFileURL(createRequire(fileUrlOf(from.url)).resolve(spec)).href
    } catch {
      file = '/node_modules/' // an alias that only a loader knows, or a package for import only
    }
    resolved.set(key, file)
  }
  return file.includes('/node_modules/') ? undefined : file
}

/** The imports and exports of a script. */
export function syntaxOf(script: Script): ModuleSyntax {
  return (script.syntax ??= moduleSyntax(script.isModule ? script.source ?? '' : ''))
}
