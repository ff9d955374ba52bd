// Parquet and Avro below the RDD: any records that a schema allows, ranges with any borders, files with changed bytes.

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { localFileSystem } from '../../storage/local-file-system.ts'
import { avroRecords, writeAvro } from './avro-container.ts'
import { parquetRecords } from './parquet-read.ts'
import { writeParquet } from './parquet-write.ts'
import { inferTable, type FieldType, type TableSchema } from './table-schema.ts'

const others = fileURLToPath(new URL('../../../test/fixtures/files', import.meta.url))
let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-formats-')) })
after(() => rm(root, { recursive: true }))

const formats = {
  parquet: (path: string, from: number, to: number) => parquetRecords(localFileSystem, { path, from, to }, undefined),
  avro: (path: string, from: number, to: number) => avroRecords(localFileSystem, { path, from, to }),
}
type Format = keyof typeof formats

async function write(format: Format, path: string, records: readonly object[], schema: TableSchema): Promise<void> {
  const file = await localFileSystem.create(path)
  if (format === 'avro') await writeAvro(file, records, { schema, codec: 'snappy' })
  else await writeParquet(file, records, { schema, codec: 'zstd', rowGroupSize: 7 })
  await file.close()
}

async function read(format: Format, path: string, from = 0, to = Infinity): Promise<unknown[]> {
  const records: unknown[] = []
  for await (const some of formats[format](path, from, to)) records.push(...some)
  return records
}

const text = fc.string({ unit: 'binary' })
const json = fc.oneof(text, fc.integer(), fc.boolean(), fc.array(fc.oneof(text, fc.constant(null))), fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.integer(), { noNullPrototype: true }))
/** For each leaf type the values that it holds. */
const leafValues = {
  string: text, number: fc.double(), integer: fc.integer(), float: fc.float(), bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), boolean: fc.boolean(),
  date: fc.date({ noInvalidDate: true }), day: fc.integer({ min: -100_000, max: 100_000 }).map(days => new Date(days * 86_400_000)), bytes: fc.uint8Array(), json,
} as const
interface Column { type: FieldType; value: fc.Arbitrary<unknown> }
const leafColumn: fc.Arbitrary<Column> = fc.tuple(fc.constantFrom(...Object.keys(leafValues) as (keyof typeof leafValues)[]), fc.boolean()).map(([leaf, nullable]) => ({
  type: nullable ? `${leaf}?` as const : leaf, value: nullable ? fc.option<unknown>(leafValues[leaf]) : leafValues[leaf],
}))
const { column } = fc.letrec<{ column: Column }>(tie => ({
  column: fc.oneof(
    { depthSize: 'small', maxDepth: 3 }, leafColumn,
    tie('column').map(({ type, value }): Column => ({ type: [type], value: fc.option<unknown>(fc.array(value, { maxLength: 4 })) })),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), tie('column'), { minKeys: 1, maxKeys: 3, noNullPrototype: true }).map((fields): Column => ({
      type: Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, type])),
      value: fc.option<unknown>(fc.record(Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value])), { noNullPrototype: true })),
    })),
  ),
}))
const table = fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), column, { minKeys: 1, maxKeys: 5, noNullPrototype: true }).chain(columns => fc.record({
  schema: fc.constant(Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type])) as TableSchema),
  records: fc.array(fc.record(Object.fromEntries(Object.entries(columns).map(([name, { value }]) => [name, value])), { noNullPrototype: true }), { maxLength: 20 }),
}))

for (const format of ['parquet', 'avro'] as const) {
  test(`${format}: any records of any schema come back`, async () => {
    await fc.assert(fc.asyncProperty(table, async ({ schema, records }) => {
      await write(format, `${root}/any.${format}`, records, schema)
      assert.deepEqual(await read(format, `${root}/any.${format}`), records)
    }), { numRuns: 80 })
  })

  test(`${format}: ranges with any borders give every record once`, async () => {
    const path = `${root}/ranges.${format}`
    const records = Array.from({ length: 500 }, (_, i) => ({ i, text: 'x'.repeat(i) }))
    await write(format, path, records, inferTable(records))
    const { length } = await readFile(path)
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(length), { maxLength: 8 }), async inner => {
      const borders = [0, ...inner.toSorted((a, b) => a - b), length]
      const parts: unknown[] = []
      for (const [i, from] of borders.slice(0, -1).entries()) parts.push(...await read(format, path, from, borders[i + 1]!))
      assert.deepEqual(parts, records)
    }), { numRuns: 20 })
  })
}

for (const name of ['rows-null', 'everything', 'rows-zstandard']) {
  test(`avro: ${name} with changed bytes is read, or refused with a code, and soon`, async () => {
    const whole = await readFile(`${others}/${name}.avro`)
    const path = `${root}/${name}.avro`
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), async changes => {
      const bytes = Uint8Array.from(whole)
      for (const [at, byte] of changes) bytes[at] = byte
      await writeFile(path, bytes)
      const begun = performance.now()
      const records = await read('avro', path).catch((error: unknown) => assert.equal((error as { cause: { code: string } }).cause.code, 'RIV_FILE_FORMAT'))
      assert.ok(records === undefined || records.length <= 300)
      assert.ok(performance.now() - begun < 5_000)
    }), { numRuns: 80 })
  })
}
