// The rules of the source tree, as a function from files to problems.
//
// - Layers: a file imports its own folder of layer and those below it. Type-only imports count.
// - No file cycles; no two folders that import each other. One exception: a rung of a ladder may `import type` its top.
// - What a task runs (the thread entry and all it loads) lies in base, wire, storage and kernel.
// - Packages: each has the one layer that may import it.
// - Text: a file opens with a comment, stays below 600 lines, holds no left-over marker, no silenced type error, no path of somebody's machine.
//
// Tests, type tests and fixtures stand outside the layers, and inside the rules for text.

import { dirname } from 'node:path/posix'
import { importsOf, type Import } from './imports.ts'

/** Project files by path relative to the project, with their text. */
export type Files = ReadonlyMap<string, string>

const levels: Readonly<Record<string, number>> = {
  base: 0, wire: 1, storage: 1, kernel: 2, rdd: 3, engine: 4, context: 5, control: 5, streaming: 6, connectors: 7, sql: 7, ui: 8, testing: 8, 'index.ts': 9, cli: 10,
}
const packageHomes: Readonly<Record<string, string>> = { acorn: 'wire', 'es-module-lexer': 'wire', commander: 'cli', hyparquet: 'kernel', 'hyparquet-compressors': 'kernel', 'hyparquet-writer': 'kernel', avsc: 'kernel' }
const ladders = [
  { rungs: 'src/rdd/', top: 'src/rdd/rdd.ts', names: ['RDD'] },
  { rungs: 'src/streaming/', top: 'src/streaming/dstream.ts', names: ['DStream', 'MapWithStateDStream'] },
]
const taskLayers = new Set(['base', 'wire', 'storage', 'kernel'])
const maxLines = 600

/** What task entries exist: files whose run-time imports must stay in the layers of tasks. */
export const taskEntries = ['src/engine/embedded/worker-entry.ts', 'src/engine/spark/worker/main.ts']

interface Source { readonly path: string; readonly text: string; readonly imports: readonly Import[] }
interface Edge { readonly from: string; readonly to: string; readonly via: Import }

/** Every broken rule, one line each, starting with `path:line`. */
export function problemsOf(files: Files): string[] {
  const sources = [...files].map(([path, text]): Source => ({ path, text, imports: isShipped(path) ? importsOf(path, text) : [] }))
  const shipped = sources.filter(source => isShipped(source.path))
  const edges = shipped.flatMap(({ path, imports }) => imports.flatMap(via => (via.target === undefined ? [] : [{ from: path, to: via.target, via }])))
  const counted = edges.filter(edge => !isLadderException(edge))
  return [
    ...edges.flatMap(layerProblem),
    ...shipped.flatMap(packageProblems),
    ...cycles(counted).map(cycle => `${cycle[0]}:1 is in an import cycle: ${cycle.join(' → ')}`),
    ...mutualFolders(counted),
    ...taskEntries.flatMap(entry => taskProblems(entry, shipped)),
    ...sources.flatMap(textProblems),
  ]
}

const isShipped = (path: string): boolean => path.startsWith('src/') && path.endsWith('.ts') && !/\.(test|types|fixture)\.ts$/.test(path) && !path.includes('/fixtures/')
const at = ({ from, via }: Edge): string => `${from}:${via.line}`
/** `base`, `connectors/kafka`, `index.ts`: the unit that the layer rules speak of. */
const layerOf = (path: string): string => path.split('/')[1]!
const connectorOf = (path: string): string | undefined => /^src\/connectors\/([^/]+)\//.exec(path)?.[1]

function isLadderException({ from, to, via }: Edge): boolean {
  return ladders.some(({ rungs, top, names }) => to === top && from.startsWith(rungs) && via.typeOnly && via.names.every(name => names.includes(name)))
}

function layerProblem(edge: Edge): string[] {
  const { from, to, via } = edge
  const [own, other] = [layerOf(from), layerOf(to)]
  const [ownLevel, otherLevel] = [levels[own], levels[other]]
  if (!to.startsWith('src/')) return [`${at(edge)} imports ${to}, outside src`]
  if (ownLevel === undefined || otherLevel === undefined) return [`${at(edge)}: the layer ${ownLevel === undefined ? own : other} is not in the table`]
  if (own !== other && otherLevel >= ownLevel) return [`${at(edge)} imports upward: ${own} may not import ${other} (${to})`]
  if (connectorOf(from) !== connectorOf(to) && own === other && own === 'connectors') return [`${at(edge)}: connectors never import each other (${to})`]
  if (from.endsWith('.task.ts') && !taskLayers.has(other) && !to.endsWith('.task.ts')) return [`${at(edge)}: the task half of a connector imports only ${[...taskLayers].join(', ')} (${to})`]
  if (own === 'ui' && other !== 'ui' && other !== 'base' && !via.typeOnly) return [`${at(edge)}: ui imports only types from ${other} (${to})`]
  return []
}

function packageProblems({ path, imports }: Source): string[] {
  return imports.flatMap(({ specifier, line }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:')) return []
    const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
    if (packageHomes[name] === layerOf(path) || connectorOf(path) !== undefined) return []
    return [`${path}:${line}: ${layerOf(path)} may not import the package ${name}`]
  })
}

/** One cycle for each strongly connected component of more than one file (or of a file that imports itself). */
function cycles(edges: readonly Edge[]): string[][] {
  const next = new Map<string, string[]>()
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to])
  const state = new Map<string, 'open' | 'done'>()
  const path: string[] = []
  const found: string[][] = []
  const visit = (file: string): void => {
    if (state.get(file) === 'open') found.push([...path.slice(path.indexOf(file)), file])
    if (state.has(file)) return
    state.set(file, 'open')
    path.push(file)
    for (const other of next.get(file) ?? []) visit(other)
    path.pop()
    state.set(file, 'done')
  }
  for (const file of next.keys()) visit(file)
  return found
}

/** Folders that import each other; a folder and one inside it are one piece and may. */
function mutualFolders(edges: readonly Edge[]): string[] {
  const seen = new Map<string, Edge>()
  const problems: string[] = []
  for (const edge of edges) {
    const [from, to] = [dirname(edge.from), dirname(edge.to)]
    if (from === to || from.startsWith(`${to}/`) || to.startsWith(`${from}/`)) continue
    const back = seen.get(`${to} ${from}`)
    if (back !== undefined && !seen.has(`${from} ${to}`)) problems.push(`${at(edge)}: ${from} and ${to} import each other (the other way: ${at(back)})`)
    if (!seen.has(`${from} ${to}`)) seen.set(`${from} ${to}`, edge)
  }
  return problems
}

/** What a task entry loads at run time outside the layers of tasks; the entry's own folder may hold its threads' half. */
function taskProblems(entry: string, sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map(source => [source.path, source]))
  const reached = new Set<string>()
  const problems: string[] = []
  const visit = (path: string, by: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    if (!taskLayers.has(layerOf(path)) && !path.startsWith(`${dirname(entry)}/`)) problems.push(`${by} loads ${path} in a task, which may hold only ${[...taskLayers].join(', ')}`)
    for (const { target, typeOnly, line } of byPath.get(path)?.imports ?? []) if (target !== undefined && !typeOnly) visit(target, `${path}:${line}`)
  }
  if (byPath.has(entry)) visit(entry, entry)
  return problems
}

// Assembled, so that this file does not break its own rules.
const marker = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`)
const silenced = new RegExp(`@ts-(${['ig' + 'nore', 'no' + 'check'].join('|')})`)
const machinePath = new RegExp(`(?<![\\w.:-])/(${['wo' + 'rk', 'ho' + 'me', 'ro' + 'ot', 'Us' + 'ers', 't' + 'mp'].join('|')})/\\w`)

function textProblems({ path, text }: Source): string[] {
  const lines = text.split('\n')
  const first = lines.find(line => !line.startsWith('#!')) ?? ''
  const isCode = /\.(ts|mjs|js)$/.test(path)
  const problems = lines.flatMap((line, i) => [
    ...(marker.test(line) ? [`${path}:${i + 1}: a left-over marker`] : []),
    ...(isCode && silenced.test(line) ? [`${path}:${i + 1}: a silenced type error`] : []),
    ...(machinePath.test(line) ? [`${path}:${i + 1}: a path of somebody's machine`] : []),
  ])
  if (isCode && !/^\/[/*]/.test(first)) problems.push(`${path}:1: does not open with a comment that says what it is`)
  if (isCode && lines.length > maxLines) problems.push(`${path}:${maxLines}: has ${lines.length} lines, more than ${maxLines}`)
  return problems
}
