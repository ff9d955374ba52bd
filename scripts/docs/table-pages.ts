// docs/errors.md and docs/configuration.md, written from the tables in src.

import type { ErrorRow } from '../../src/base/define-errors.ts'
import type { Setting } from '../../src/base/define-settings.ts'
import type { CodeRow, Table } from './tables.ts'

const layersInOrder = ['base', 'wire', 'storage', 'kernel', 'rdd', 'engine', 'context', 'streaming', 'connectors', 'sql', 'ui', 'cli', 'testing']
const layerOf = (file: string): string => file.split('/')[1]!
const generated = '<!-- Written by `npm run docs` from the tables in src; change those. -->'

function byLayer<R>(tables: readonly Table<R>[]): [layer: string, rows: [string, R][]][] {
  const rank = (layer: string): number => (layersInOrder.includes(layer) ? layersInOrder.indexOf(layer) : layersInOrder.length)
  const layers = [...new Set(tables.map(table => layerOf(table.file)))].sort((a, b) => rank(a) - rank(b))
  return layers.map(layer => [layer, tables.filter(t => layerOf(t.file) === layer).flatMap(t => Object.entries(t.rows)).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** The page of errors: one heading, and so one anchor, for each code. */
export function errorsPage(tables: readonly Table<CodeRow>[]): string {
  const sections = byLayer(tables).map(([layer, rows]) => `## ${layer}\n\n${rows.map(([code, row]) => errorSection(code, row)).join('\n')}`)
  return `# Errors

${generated}

Every error that Rivulet throws is a \`RivuletError\`: it has a stable \`code\`, a \`hint\` that says what to do, \`docs\` that points to this page, and your own error as \`cause\` where there is one.
\`isRivuletError(e)\` tells whether something caught is one.

${sections.join('\n')}`
}

function errorSection(code: string, { docs, error }: CodeRow): string {
  if (error === undefined) return `### ${code}\n\nA warning. ${docs}\n`
  const message = messageOf(error)
  return `### ${code}\n\n${docs}\n\n${message === undefined ? '' : `- Message: ${asCode(message)}\n`}- What to do: ${error.hint}\n`
}

/** The message with its parameters' names in place of values; undefined where it needs real values to be made. */
function messageOf(row: ErrorRow): string | undefined {
  const message = row.message as (...args: unknown[]) => string
  const parameters = /^\(([^)]*)\)/.exec(message.toString().replaceAll(/\s+/g, ' '))?.[1]?.split(',').map(p => p.replace(/[:=].*/, '').trim()).filter(p => p !== '') ?? []
  try {
    const text = message(...parameters.map(name => `‹${name}›`))
    return /NaN|undefined|\[object/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Inline code that may itself hold backticks. */
const asCode = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

/** The page of settings: one table for each layer. */
export function configurationPage(tables: readonly Table<Setting<unknown>>[]): string {
  const sections = byLayer(tables).map(([layer, rows]) => `## ${layer}

| setting | kind | default | meaning |
|---|---|---|---|
${rows.map(([key, row]) => `| \`${key}\` | ${row.kind} | ${defaultOf(row)} | ${row.docs.replaceAll('|', '\\|')} |`).join('\n')}
`)
  return `# Configuration

${generated}

A setting is given in code, \`new Context({ conf: { 'spark.default.parallelism': 4 } })\`, or by the environment, \`RIVULET_CONF_<setting>\`, which \`rivulet run --conf <setting>=<value>\` sets.
Code goes before the environment, the environment before the default. The master is \`new Context({ master })\`, then \`RIVULET_MASTER\`, then \`local[*]\`.

Kinds: \`ms\` is a number of milliseconds or text with a unit (\`10 s\`); \`bytes\` is a number or text with a unit (\`64 MB\`, powers of 1024); \`count\` is a whole number; \`boolean\` is \`true\` or \`false\`.

${sections.join('\n')}`
}

/** A default that depends on the machine is told by the row's own text. */
function defaultOf(row: Setting<unknown>): string {
  if (row.docs.includes('Default:')) return ''
  return row.default === '' ? 'none' : `\`${row.kind === 'ms' ? `${String(row.default)} ms` : row.kind === 'bytes' ? sizeText(row.default as number) : String(row.default)}\``
}

function sizeText(bytes: number): string {
  for (const [unit, size] of [['GB', 2 ** 30], ['MB', 2 ** 20], ['KB', 2 ** 10]] as const) if (bytes >= size && bytes % size === 0) return `${bytes / size} ${unit}`
  return String(bytes)
}
