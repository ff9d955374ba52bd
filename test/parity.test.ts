// docs/parity.md against the classes: what it calls same or different exists, what it calls absent does not.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Context } from '../src/context/context.ts'

const page = readFileSync(new URL('../docs/parity.md', import.meta.url), 'utf8')
/** Names that are spelt otherwise here: the row says how. */
const spelt: Readonly<Record<string, string>> = { constructor: 'constructor', getConf: 'conf', getReadOnlyConf: 'conf', register: 'accumulator', getOrCreate: 'constructor', addSparkListener: 'addListener', removeSparkListener: 'removeListener' }

interface Row { readonly cls: string; readonly method: string; readonly status: string }

const rows = page.split(/^## /m).slice(1).flatMap((section): Row[] => {
  const cls = /^On `(\w+)`/m.exec(section)?.[1]
  if (cls === undefined) return []
  return [...section.matchAll(/^\| (`.*?) \| (\w+) \|/gm)].flatMap(([, names, status]) => [...names!.matchAll(/`([\w()]+)`/g)].map(([, method]) => ({ cls, method: method!, status: status! })))
})

test('the page has rows of every status', () => {
  assert.deepEqual([...new Set(rows.map(row => row.status))].toSorted(), ['absent', 'differs', 'same'])
  assert.ok(rows.length > 150)
})

test('every row tells the truth', async () => {
  await using context = new Context({ master: 'inline' })
  const objects: Record<string, object> = { Context: context, RDD: context.emptyRDD() }
  const wrong = rows.filter(({ cls, method, status }) => ((spelt[method] ?? method) in objects[cls]!) === (status === 'absent'))
  assert.deepEqual(wrong, [])
})
