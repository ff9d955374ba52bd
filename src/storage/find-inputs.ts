// From the path of an input to the files and folders it means: a name, a glob, or a list of them with commas.
//
// - A path that exists as it stands means itself, whatever characters it has.
// - `*`, `?`, `[a-z]`, `[!a-z]` match within one name, `{a,b}` stands for several paths and may hold slashes and braces.
// - A wildcard at the start of a name does not match names that begin with `.` or `_`: those are not data.

import type { FileStatus, FileSystem } from './file-system.ts'

/** Whether a name is data; the others are what programs leave beside it (`_SUCCESS`, `.crc`). */
export const isDataName = (name: string): boolean => !/^[._]/.test(name)

/** The last part of a listed path. */
export function nameOf(path: string): string {
  const name = path.replace(/\/+$/, '').replace(/^.*\//, '')
  return /^file:/i.test(path) ? decodeURIComponent(name) : name
}

/** What is there for each path of the list, in the list's order; a part of the list that nothing matches is handed to `missing`. */
export async function findInputs(fs: FileSystem, list: string, missing: (path: string) => never): Promise<FileStatus[]> {
  const whole = await fs.status(list)
  if (whole !== undefined) return [whole]
  const found = new Map<string, FileStatus>()
  for (const path of splitOutsideBraces(list).map(part => part.trim()).filter(part => part !== '')) {
    const matches = await matchesOf(fs, path)
    if (matches.length === 0) missing(path)
    for (const status of matches) found.set(status.path, status)
  }
  if (found.size === 0) missing(list)
  return [...found.values()]
}

/** The files and folders that one path or glob means; none where nothing is there. */
export async function matchesOf(fs: FileSystem, path: string): Promise<FileStatus[]> {
  const exact = await fs.status(path)
  if (exact !== undefined) return [exact]
  const patterns = expandBraces(path)
  const matches = await Promise.all(patterns.map(pattern => matchesOfGlob(fs, pattern)))
  return matches.flat()
}

/** Walks the names of a path; from the first wildcard on folders are listed. */
async function matchesOfGlob(fs: FileSystem, pattern: string): Promise<FileStatus[]> {
  const names = pattern.split('/')
  const literal = names.findIndex(name => /[*?[]/.test(name))
  if (literal === -1) return definedOnly([await fs.status(pattern)])
  let folders = [names.slice(0, literal).join('/') || (pattern.startsWith('/') ? '/' : '.')]
  let found: FileStatus[] = []
  for (const [i, name] of names.slice(literal).entries()) {
    const last = literal + i === names.length - 1
    found = (await Promise.all(folders.map(folder => inFolder(fs, folder, name)))).flat()
    folders = found.filter(status => status.directory).map(status => status.path)
    if (!last && folders.length === 0) return []
  }
  return found.map(status => (literal === 0 && !pattern.startsWith('/') ? { ...status, path: status.path.replace(/^\.\//, '') } : status))
}

async function inFolder(fs: FileSystem, folder: string, name: string): Promise<FileStatus[]> {
  if (name === '') return definedOnly([await fs.status(folder)])
  if (!/[*?[]/.test(name)) return definedOnly([await fs.status(`${folder === '/' ? '' : folder}/${name}`)])
  if ((await fs.status(folder))?.directory !== true) return []
  const matcher = matcherOf(name)
  return (await fs.list(folder)).filter(status => matcher.test(nameOf(status.path)) && (isDataName(name) ? isDataName(nameOf(status.path)) : true))
}

const definedOnly = (statuses: readonly (FileStatus | undefined)[]): FileStatus[] => statuses.filter(status => status !== undefined)

function matcherOf(name: string): RegExp {
  const text = name.replace(/\[(!|\^)?([^\]]+)\]|[*?]|[\\^$+.()|{}[\]]/g, (match, not: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${not === undefined ? '' : '^'}${set.replace(/[\\\]^]/g, '\\$&')}]`
    return match === '*' ? '.*' : match === '?' ? '.' : `\\${match}`
  })
  return new RegExp(`^${text}$`, 'su')
}

/** Cuts at the commas that stand outside of braces. */
function splitOutsideBraces(text: string): string[] {
  const parts = ['']
  let depth = 0
  for (const char of text) {
    if (char === '{') depth++
    if (char === '}') depth--
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

/** `a{b,c{d,e}}` is `ab acd ace`; a brace that is not closed stands for itself. */
function expandBraces(text: string): string[] {
  const open = text.indexOf('{')
  if (open === -1) return [text]
  let depth = 0
  for (let close = open; close < text.length; close++) {
    if (text[close] === '{') depth++
    if (text[close] !== '}' || --depth > 0) continue
    const tails = expandBraces(text.slice(close + 1))
    return splitOutsideBraces(text.slice(open + 1, close)).flatMap(expandBraces).flatMap(inner => tails.map(tail => text.slice(0, open) + inner + tail))
  }
  return [text]
}
