// Blocks against v8.serialize and JSON, by kind of record: time of writing 32 768 records and of reading them, and the ratio of each way to ours.
//
// `node bench/wire.ts`. All ways take turns within a round, so that a busy machine slows all of them; the best round of each counts.

import { deserialize, serialize } from 'node:v8'
import { decodeBlock, decodePairs } from '../src/wire/block/decode.ts'
import { encodeBlock, encodeTuples } from '../src/wire/block/encode.ts'
import { decodeLines } from '../src/wire/block/lines.ts'
import { hashKey } from '../src/wire/key/hash-key.ts'
import { allocateSlab, slabHeaderBytes, SlabView } from '../src/wire/slab/slab-view.ts'
import { SlabWriter } from '../src/wire/slab/slab-writer.ts'

const count = 32_768
const rounds = 15
const view = new SlabView(1, allocateSlab(60 << 20))
const writer = (): SlabWriter => new SlabWriter({ view, offset: slabHeaderBytes }, () => -1)

/** Something measured: what makes the bytes, and what reads them. */
interface Way { readonly name: string; readonly write: () => unknown; readonly read: (bytes: unknown) => unknown }

/** Microseconds of the best round of each way, written and read. */
function measure(ways: readonly Way[]): { readonly name: string; readonly write: number; readonly read: number }[] {
  const best = ways.map(({ name }) => ({ name, write: Infinity, read: Infinity }))
  for (let round = 0; round < rounds; round++) {
    ways.forEach(({ write, read }, i) => {
      const start = performance.now()
      const bytes = write()
      const middle = performance.now()
      read(bytes)
      const end = performance.now()
      best[i]!.write = Math.min(best[i]!.write, (middle - start) * 1_000)
      best[i]!.read = Math.min(best[i]!.read, (end - middle) * 1_000)
    })
  }
  return best
}

function show(kind: string, ways: readonly Way[]): void {
  const [ours, ...others] = measure(ways)
  const each = (us: number): string => `${((us * 1_000) / count).toFixed(0)} ns`
  const ratios = others.map(({ name, write, read }) => `${name} ${(write / ours!.write).toFixed(1)} × / ${(read / ours!.read).toFixed(1)} ×`)
  console.log(`${kind.padEnd(28)} ${each(ours!.write).padStart(7)} / ${each(ours!.read).padStart(7)}   ${ratios.join('   ')}`)
}

const others = (records: readonly unknown[]): Way[] => [
  { name: 'v8', write: () => serialize(records), read: bytes => deserialize(bytes as Buffer) },
  { name: 'JSON', write: () => Buffer.from(JSON.stringify(records)), read: bytes => JSON.parse((bytes as Buffer).toString()) as unknown },
]
const block = (records: readonly unknown[]): Way => ({
  name: 'block', write: () => view.read(encodeBlock(records, 0, records.length, writer())), read: bytes => decodeBlock(bytes as Buffer),
})

const words = Array.from({ length: count }, (_, i) => `word${(i * 7_919) % 10_007}`)
const kinds: Readonly<Record<string, readonly unknown[]>> = {
  'strings': words,
  'strings, not ASCII': words.map(word => `${word}é`),
  'integers': words.map((_, i) => i),
  'floats': words.map((_, i) => i / 3),
  '[string, number]': words.map((word, i) => [word, i]),
  '[string, number[]]': words.map((word, i) => [word, Array.from({ length: i % 8 }, (_, j) => j)]),
  'records of five properties': words.map((word, i) => ({ id: i, word, score: i / 3, ok: i % 2 === 0, tags: [word, 'x'] })),
  'values of several kinds': words.map((word, i) => [word, i % 3 === 0 ? null : i % 3 === 1 ? word : { i }]),
}

console.log(`${'ns a record'.padEnd(28)}   write /    read   time of other ways, written / read, as multiples of ours`)
for (const [kind, records] of Object.entries(kinds)) show(kind, [block(records), ...others(records)])

const values = words.map((_, i) => i)
show('[string, number] in columns', [
  { name: 'block', write: () => view.read(encodeTuples([words, values], 0, count, writer())), read: bytes => decodePairs(bytes as Buffer) },
  ...others(kinds['[string, number]']!),
])

const text = Buffer.from(words.map(word => `${word} some words of a line of text that is about as long as lines are\n`).join(''))
show('lines', [
  { name: 'block', write: () => Uint8Array.from(text), read: () => decodeLines(text) },
  { name: 'toString and split', write: () => Uint8Array.from(text), read: () => text.toString().split('\n') },
])

const keys: Readonly<Record<string, readonly unknown[]>> = { 'hash of strings': words, 'hash of numbers': values, 'hash of [string, number]': kinds['[string, number]']! }
for (const [kind, list] of Object.entries(keys)) {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (const key of list) hashKey(key)
    best = Math.min(best, performance.now() - start)
  }
  console.log(`${kind.padEnd(28)} ${((best * 1e6) / count).toFixed(0).padStart(4)} ns`)
}
