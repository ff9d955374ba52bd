// Parquet and Avro: files by other hands, what is written is read, every record once however files are split, damage with a code.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AvroSchema } from '../kernel/formats/avro-type.ts'
import type { TableSchema } from '../kernel/formats/table-schema.ts'
import { onEveryMaster } from './masters.fixture.ts'

const others = fileURLToPath(new URL('../../test/fixtures/files', import.meta.url))
const rows = Array.from({ length: 300 }, (_, i) => ({ n: BigInt(i), word: `word ${i % 7}` }))
let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-tables-')) })
after(() => rm(root, { recursive: true }))

/** Values of every type, among them those that formats like to lose. */
const values: Record<string, unknown>[] = [
  { s: 'ä\u{1F600}\0', n: -0, big: 2n ** 63n - 1n, b: true, at: new Date(-1), bytes: new Uint8Array([0, 255]), list: ['x', null, ''], deep: { x: 1.5, y: [[1], []] }, none: null },
  { s: '', n: NaN, big: -(2n ** 63n), b: false, at: new Date(8.64e15), bytes: new Uint8Array(0), list: [], deep: { x: null, y: null }, none: null },
  { s: null, n: -Infinity, big: null, b: null, at: null, bytes: null, list: null, deep: null, none: null },
  { s: 'x'.repeat(10_000), n: 5e-324, big: 0n, b: true, at: new Date(0), bytes: new Uint8Array(70_000).fill(7), list: Array.from({ length: 1000 }, (_, i) => `${i}`), deep: { x: 2 ** 53, y: [] }, none: null },
]
const schema: TableSchema = { i: 'integer', f: 'float?', day: 'day', any: 'json?', s: 'string', more: [{ x: 'integer?', y: ['bytes'] }] }
const typed: Record<string, unknown>[] = [
  { i: -(2 ** 31), f: 1.5, day: new Date('2024-02-29'), any: { a: [1, null, 'x'] }, s: '', more: [{ x: 1, y: [new Uint8Array([1])] }, { x: null, y: [] }] },
  { i: 2 ** 31 - 1, f: null, day: new Date('1969-12-31'), any: null, s: 'x', more: [] },
  { i: 0, f: -0, day: new Date(0), any: 'text', s: 'y', more: null },
]

onEveryMaster((context, master) => {
  const out = (name: string): string => `${root}/${name}-${master}`

  for (const codec of ['none', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4', 'delta']) {
    test(`parquetFile reads a file by pyarrow, ${codec}, however it is split`, async () => {
      for (const minPartitions of [1, 2, 3, 50]) assert.deepEqual(await context().parquetFile(`${others}/rows-${codec}.parquet`, { minPartitions }).collect(), rows)
    })
  }

  test('parquetFile reads every type that pyarrow writes', async () => {
    assert.deepEqual(await context().parquetFile(`${others}/types.parquet`).collect(), [
      {
        s: 'a', i8: -128, i32: 1, i64: 2n ** 53n + 1n, u32: 2 ** 32 - 1, u64: 2n ** 64n - 1n, f16: 1.5, f32: 1.5, f64: 0.1, b: true, bin: new Uint8Array([0, 255]), fix: new Uint8Array([97, 98, 99]),
        day: new Date('2024-01-02'), ms: new Date('2024-01-02T03:04:05.678Z'), us: new Date('2024-01-02T03:04:05.678Z'), ns: new Date('2024-01-02T03:04:05.678Z'), time: 3_723_000_000n,
        dec9: 0.3, dec38: '12345678901234567890.123456789', list: [1, null, 3], lists: [['a'], []], struct: { x: 1n, y: null }, structs: [{ x: 1.1 }], map: { k: 1, j: null }, nothing: null, dict: 'x',
      },
      {
        s: null, i8: null, i32: null, i64: null, u32: 0, u64: 0n, f16: null, f32: null, f64: -0, b: null, bin: null, fix: null, day: null, ms: null, us: null, ns: null, time: null,
        dec9: null, dec38: null, list: null, lists: null, struct: null, structs: null, map: null, nothing: null, dict: 'y',
      },
      {
        s: 'ä', i8: 127, i32: -3, i64: -1n, u32: null, u64: null, f16: -0, f32: NaN, f64: null, b: false, bin: new Uint8Array(0), fix: new Uint8Array([120, 121, 122]),
        day: new Date('1969-12-31'), ms: new Date('1960-01-01'), us: new Date('1960-01-01'), ns: new Date(0), time: 0n,
        dec9: -12.5, dec38: '-0.000000001', list: [], lists: [null], struct: { x: null, y: 'q' }, structs: [], map: {}, nothing: null, dict: 'x',
      },
    ])
    assert.deepEqual(await context().parquetFile(`${others}/types-old.parquet`).collect(), [
      { us: new Date('2024-01-02T03:04:05.678Z'), list: [1, null, 3], lists: [['a'], []], structs: [{ x: 1.1 }], dict: 'x' },
      { us: null, list: null, lists: null, structs: null, dict: 'y' },
      { us: new Date('1960-01-01'), list: [], lists: [null], structs: [], dict: 'x' },
    ])
  })

  test('parquetFile reads the columns that are asked for, and no file without rows', async () => {
    const words = await context().parquetFile<{ word: string }>(`${others}/rows-{snappy,empty}.parquet`, { columns: ['word'] }).collect()
    assert.deepEqual(words, rows.map(({ word }) => ({ word })))
    await assert.rejects(context().parquetFile(`${others}/rows-snappy.parquet`, { columns: ['word', 'other'] }).count(), { code: 'RIV_TABLE_COLUMN', message: /rows-snappy\.parquet has no column other; it has n, word/ })
  })

  test('records do not share what a user may change', async () => {
    const dates = await context().parquetFile<{ day: Date; bin: Uint8Array }>(`${others}/types.parquet`, { columns: ['day', 'bin'] }).filter(row => row.day !== null).map(row => { row.day.setTime(0); row.bin.fill(1); return [row.day.getTime(), row.bin.buffer.byteLength] }).collect()
    assert.deepEqual(dates, [[0, 2], [0, 0]])
  })

  for (const [name, extension] of [['Parquet', 'parquet'], ['Avro', 'avro']] as const) {
    describe(name, () => {
      const save = (records: readonly object[], folder: string, options: { schema?: TableSchema } = {}, partitions = 2): Promise<void> => {
        const rdd = context().parallelize(records as object[], partitions)
        return name === 'Avro' ? rdd.saveAsAvroFile(folder, options) : rdd.saveAsParquetFile(folder, options)
      }
      const read = (path: string, minPartitions = 1): Promise<unknown[]> => (name === 'Avro' ? context().avroFile(path, minPartitions) : context().parquetFile(path, { minPartitions })).collect()

      test('what is written is read, with the columns of the first records', async () => {
        const folder = out(`${extension}-inferred`)
        await save(values, folder, {}, 3)
        assert.deepEqual((await readdir(folder)).sort(), ['_SUCCESS', ...[0, 1, 2].map(i => `part-0000${i}.${extension}`)])
        assert.deepEqual(await read(folder), values)
      })

      test('what is written is read, with a schema', async () => {
        const folder = out(`${extension}-schema`)
        await save(typed, folder, { schema })
        assert.deepEqual(await read(folder), typed)
      })

      test('undefined and a property that is not there are null', async () => {
        const folder = out(`${extension}-undefined`)
        await save([{ a: 1, b: undefined }, { b: 'x' }, { a: 3 }], folder)
        assert.deepEqual(await read(folder), [{ a: 1, b: null }, { a: null, b: 'x' }, { a: 3, b: null }])
      })

      test('no records', async () => {
        await save([], out(`${extension}-empty`))
        assert.deepEqual(await read(out(`${extension}-empty`)), [])
        await save([], out(`${extension}-empty-schema`), { schema })
        assert.deepEqual(await read(out(`${extension}-empty-schema`)), [])
      })

      test('damage has a code', async () => {
        const folder = out(`${extension}-damaged`)
        await save(Array.from({ length: 2000 }, (_, i) => ({ text: `text ${i}`, n: i })), folder, {}, 1)
        const whole = await readFile(`${folder}/part-00000.${extension}`)
        const damages: [name: string, bytes: Uint8Array][] = [
          ['empty', new Uint8Array(0)], ['short', whole.subarray(0, 7)], ['cut', whole.subarray(0, whole.length - 100)], ['cut early', whole.subarray(0, 200)],
          ['text', Buffer.from('this is no such file, but a line of text\n'.repeat(20))], ['overwritten', Buffer.concat([whole.subarray(0, 300), Buffer.alloc(whole.length - 600), whole.subarray(whole.length - 300)])],
        ]
        for (const [damage, bytes] of damages) {
          const path = `${root}/${damage}.${extension}`
          await writeFile(path, bytes)
          await assert.rejects(read(path), { code: 'RIV_FILE_FORMAT', message: new RegExp(`${damage}\\.${extension} cannot be read as ${name}`) }, damage)
        }
      })

      const unfit: [name: string, records: object[], schema: TableSchema | undefined, code: string, message: RegExp][] = [
        ['another type', [...Array.from({ length: 200 }, () => ({ a: { b: 1 } })), { a: { b: 'x' } }], undefined, 'RIV_RECORD_COLUMN', /the record \{ a: \{ b: 'x' \} \} has in column 'a\.b' the value 'x', which is no number/],
        ['another property', [...Array.from({ length: 200 }, () => ({ a: 1 })), { a: 1, b: 2 }], undefined, 'RIV_RECORD_COLUMN', /\{ a: 1, b: 2 \} has the property 'b', and the columns are \[ 'a' \]/],
        ['null', [{ a: null }], { a: 'string' }, 'RIV_RECORD_COLUMN', /has no value in column 'a', whose type is string, not string\?/],
        ['no object', [[1]], { a: 'string?' }, 'RIV_RECORD_COLUMN', /is no object of columns/],
        ['too large an integer', [{ a: 2 ** 31 }], { a: 'integer' }, 'RIV_RECORD_COLUMN', /2147483648, which is no integer/],
        ['too large a bigint', [{ a: 2n ** 63n }], { a: 'bigint' }, 'RIV_RECORD_COLUMN', /which is no bigint/],
        ['a lone surrogate', [{ a: '\ud800' }], { a: 'string' }, 'RIV_RECORD_COLUMN', /which is no string/],
        ['no list', [{ a: 1 }], { a: ['string'] }, 'RIV_RECORD_COLUMN', /which is no list/],
        ['what JSON loses', [{ a: [NaN] }], { a: 'json' }, 'RIV_RECORD_COLUMN', /which is no json/],
        ['no common type', [{ a: 1 }, { a: 'x' }], undefined, 'RIV_TABLE_SCHEMA', /column 'a' is number in one record and string in another/],
        ['a map', [{ a: new Map() }], undefined, 'RIV_TABLE_SCHEMA', /column 'a' has the value Map\(0\) \{\}, which no column type holds/],
        ['an array as record', [[1, 2]], undefined, 'RIV_TABLE_SCHEMA', /a record is an object of columns, and \[ 1, 2 \] is none/],
        ['an unknown type', [{ a: 1 }], { a: 'text' as 'string' }, 'RIV_TABLE_SCHEMA', /there is no type 'text'; the types are string, number/],
      ]
      for (const [why, records, given, code, message] of unfit) {
        test(`refused, and nothing left: ${why}`, async () => {
          const folder = out(`${extension}-unfit`)
          await assert.rejects(save(records, folder, given && { schema: given }, 1), { code, message })
          await assert.rejects(readdir(folder), { code: 'ENOENT' })
        })
      }

      test('an existing folder is refused', async () => {
        const folder = out(`${extension}-twice`)
        await save([{ a: 1 }], folder)
        await assert.rejects(save([{ a: 2 }], folder), { code: 'RIV_FILE_EXISTS' })
        assert.deepEqual(await read(folder), [{ a: 1 }])
      })
    })
  }

  for (const codec of ['null', 'deflate', 'snappy', 'zstandard']) {
    test(`avroFile reads a file by fastavro, ${codec}, however it is split`, async () => {
      for (const minPartitions of [1, 2, 3, 50]) assert.deepEqual(await context().avroFile(`${others}/rows-${codec}.avro`, minPartitions).collect(), rows)
      const spread = await context().avroFile(`${others}/rows-${codec}.avro`, 3).glom().map(part => part.length).collect()
      assert.ok(spread.filter(count => count > 0).length > 1, String(spread))
    })
  }

  test('avroFile reads every type that fastavro writes', async () => {
    assert.deepEqual(await context().avroFile(`${others}/everything.avro`).collect(), [
      {
        s: 'ä', i: -3, l: 2n ** 53n + 1n, f: 1.5, d: -0, b: true, bytes: new Uint8Array([0, 255]), fix: new Uint8Array([97, 98, 99]), enum: 'HEARTS', maybe: null, either: 'x',
        list: [1, null], map: { k: -(2n ** 63n) }, inner: { x: new Uint8Array([49]), next: { x: new Uint8Array([50]), next: null } }, day: new Date('2024-01-02'),
        ms: new Date('2024-01-02T03:04:05.678Z'), us: new Date('2024-01-02T03:04:05.678Z'), dec9: -12.5, dec30: '12345678901234567890.123456789', uuid: '123e4567-e89b-12d3-a456-426614174000',
      },
      {
        s: '', i: 2 ** 31 - 1, l: -1n, f: Infinity, d: 0.1, b: false, bytes: new Uint8Array(0), fix: new Uint8Array([120, 121, 122]), enum: 'SPADES', maybe: 'y', either: 7n,
        list: [], map: {}, inner: null, day: new Date('1969-12-31'), ms: new Date('1960-01-01'), us: new Date('1960-01-01'), dec9: 0.3, dec30: '-0.000000001', uuid: '123e4567-e89b-12d3-a456-426614174000',
      },
    ])
    await assert.rejects(context().avroFile(`${others}/rows-bzip2.avro`).count(), { code: 'RIV_FILE_FORMAT', message: /rows-bzip2\.avro cannot be read as Avro: its codec is bzip2; known are snappy/ })
  })

  test('saveAsAvroFile: what fastavro wrote is written by its schema, and read', async () => {
    const bytes = await readFile(`${others}/everything.avro`, 'latin1')
    const written = JSON.parse(bytes.slice(bytes.indexOf('{'), bytes.lastIndexOf('}') + 1)) as AvroSchema
    const records = await context().avroFile<object>(`${others}/everything.avro`).collect()
    const folder = out('avro-own')
    await context().parallelize(records, 2).saveAsAvroFile(folder, { schema: written })
    assert.deepEqual(await context().avroFile(folder).collect(), records)
    const refusals: [record: object, message: RegExp][] = [[{ a: 'x' }, /\{ a: 'x' \} has in column 'a' the value 'x', which is no .*int/], [{ a: 1, b: 2 }, /\{ a: 1, b: 2 \} has in column/]]
    for (const [record, message] of refusals) {
      await assert.rejects(context().parallelize([record]).saveAsAvroFile(out('never'), { schema: { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] } }), { code: 'RIV_RECORD_COLUMN', message })
    }
    await assert.rejects(context().parallelize([{ a: 1 }]).saveAsAvroFile(out('never'), { schema: { type: 'record', name: 'R', fields: [{ name: 'a', type: 'int33' }] } }), { code: 'RIV_TABLE_SCHEMA', message: /int33/ })
    await assert.rejects(context().parallelize([{ 'a b': 1 }]).saveAsAvroFile(out('never')), { code: 'RIV_TABLE_SCHEMA', message: /Avro has no column 'a b'/ })
  })

  test('saveAsAvroFile: codecs', async () => {
    for (const codec of ['null', 'deflate', 'snappy', 'zstandard'] as const) {
      const folder = out(`avro-${codec}`)
      const many = context().range(0, 30_000, 1, 2).map(n => ({ n, text: `text ${n}` }))
      await many.saveAsAvroFile(folder, { codec })
      for (const minPartitions of [1, 9]) assert.deepEqual(await context().avroFile(folder, minPartitions).collect(), await many.collect())
    }
    assert.throws(() => context().range(0, 1).map(n => ({ n })).saveAsAvroFile(out('never'), { codec: 'gzip' as 'null' }), { code: 'RIV_FILE_CODEC', message: /"gzip"; it knows snappy, deflate/ })
  })

  test('saveAsParquetFile: codecs and row groups', async () => {
    for (const codec of ['snappy', 'gzip', 'zstd', 'brotli', 'uncompressed'] as const) {
      const folder = out(`codec-${codec}`)
      await context().parallelize(rows, 2).saveAsParquetFile(folder, { codec, rowGroupSize: 20 })
      for (const minPartitions of [1, 7]) assert.deepEqual(await context().parquetFile(folder, { minPartitions }).collect(), rows)
      const spread = await context().parquetFile(folder, { minPartitions: 6 }).glom().map(part => part.length).collect()
      assert.ok(spread.filter(count => count > 0).length > 2 && spread.every(count => count % 10 === 0), String(spread))
    }
    const range = context().range(0, 1).map(n => ({ n }))
    assert.throws(() => range.saveAsParquetFile(out('never'), { codec: 'lzo' as 'zstd' }), { code: 'RIV_FILE_CODEC', message: /"lzo"; it knows snappy, gzip/ })
    for (const rowGroupSize of [0, 1.5]) assert.throws(() => range.saveAsParquetFile(out('never'), { rowGroupSize }), { code: 'RIV_ROW_GROUP_SIZE' })
  })
})
