// JSON lines, CSV and binary records: what is read and written, every record once however files are split, damage with a code.

import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import type { CsvReadOptions } from './sources/csv-options.ts'
import { onEveryMaster } from './masters.fixture.ts'

let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-records-')) })
after(() => rm(root, { recursive: true }))

const file = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(`${root}/${name}`, content)
  return `${root}/${name}`
}

onEveryMaster((context, master) => {
  const out = (name: string): string => `${root}/${name}-${master}`

  test('jsonFile reads a value a line, in any codec', async () => {
    const text = '{"a":1}\r\n\n  \n[1,"ä"]\nnull\n"x"\n12.5'
    const values = [{ a: 1 }, [1, 'ä'], null, 'x', 12.5]
    for (const [name, content] of [['a.jsonl', text], ['a.json.gz', gzipSync(text)], ['a.zst', zstdCompressSync(text)]] as const) {
      assert.deepEqual(await context().jsonFile(await file(name, content)).collect(), values)
    }
    assert.deepEqual(await context().textFile(`${root}/a.zst`).take(1), ['{"a":1}'])
    assert.deepEqual(await context().wholeTextFiles(`${root}/a.zst`).values().collect(), [text])
  })

  test('a line that is no JSON names the file, the place and the text', async () => {
    const path = await file('bad.jsonl', `{"a":1}\n{"b":"${'x'.repeat(500)}\n`)
    const bad = context().jsonFile(path, 1)
    await assert.rejects(bad.count(), { code: 'RIV_JSON_LINE', message: /bad\.jsonl, line 2 is no JSON: .*; it is '\{"b":"x{194}'… \(506 characters\)/ })
    const late = await file('late.jsonl', `${'{"a":1}\n'.repeat(1000)}{"a":\n${'{"a":1}\n'.repeat(10)}`)
    await assert.rejects(context().jsonFile(late, 3).count(), { code: 'RIV_JSON_LINE', message: /late\.jsonl, the line at byte 8000 is no JSON/ })
    await assert.rejects(context().jsonFile(late, 1).count(), { message: /line 1001 is no JSON/ })
  })

  test('saveAsJsonFile and jsonFile: everything that JSON has', async () => {
    const values = [{ word: 'to\n"be"', n: -1.5e300, deep: { list: [null, true, [], {}] } }, 'text\u2028', 0, null, [], { '': 1 }, '\u{1F600}', '\ud800']
    for (const [codec, suffix] of [[undefined, ''], ['gzip', '.gz'], ['zstd', '.zst']] as const) {
      const folder = out(`json${suffix}`)
      await context().parallelize(values, 3).saveAsJsonFile(folder, codec && { codec })
      assert.deepEqual((await readdir(folder)).sort(), ['_SUCCESS', ...[0, 1, 2].map(i => `part-0000${i}.json${suffix}`)])
      assert.deepEqual(await context().jsonFile(folder).collect(), values)
    }
  })

  const notJson: [name: string, record: unknown, problem: RegExp][] = [
    ['undefined', undefined, /undefined is nothing that JSON has/],
    ['a symbol inside is left out, a bigint is not', { n: 1n }, /\{ n: 1n \}.*BigInt/],
  ]
  for (const [name, record, message] of notJson) {
    test(`saveAsJsonFile refuses ${name}`, async () => {
      const folder = out('never')
      await assert.rejects(context().parallelize([1, record]).saveAsJsonFile(folder), { code: 'RIV_RECORD_NOT_JSON', message })
      await assert.rejects(readdir(folder), { code: 'ENOENT' })
    })
  }

  test('file: URLs are paths, written and read', async () => {
    const folder = `${pathToFileURL(out('an ürl')).href}`
    await context().parallelize([{ a: 1 }, { a: 2 }], 2).saveAsParquetFile(folder)
    assert.deepEqual((await readdir(out('an ürl'))).sort(), ['_SUCCESS', 'part-00000.parquet', 'part-00001.parquet'])
    assert.deepEqual(await context().parquetFile(folder).collect(), [{ a: 1 }, { a: 2 }])
    assert.deepEqual(await context().parquetFile(`${folder}/part-*1.parquet`).collect(), [{ a: 2 }])
    await assert.rejects(context().textFile('s3://bucket/key').count(), { code: 'RIV_FILE_SCHEME', message: /s3: in s3:\/\/bucket\/key/ })
    await assert.rejects(context().range(0, 1).saveAsTextFile('hdfs://host/x'), { code: 'RIV_FILE_SCHEME' })
  })

  test('saveAsTextFile with a codec', async () => {
    const folder = out('text-gz')
    await context().range(0, 50_000, 1, 2).map(n => `line ${n}`).saveAsTextFile(folder, { codec: 'gzip' })
    assert.deepEqual((await readdir(folder)).sort(), ['_SUCCESS', 'part-00000.gz', 'part-00001.gz'])
    assert.equal(gunzipSync(await readFile(`${folder}/part-00001.gz`)).toString().slice(0, 11), 'line 25000\n')
    assert.equal(await context().textFile(folder).distinct().count(), 50_000)
    assert.throws(() => context().range(0, 1).saveAsTextFile(out('bz2'), { codec: 'bzip2' as 'gzip' }), { code: 'RIV_FILE_CODEC', message: /"bzip2"; it knows gzip, zstd/ })
  })

  const reads: [name: string, content: string, options: CsvReadOptions, rows: unknown[]][] = [
    ['arrays', 'a,b\r\n\n1,"x,y"\n', {}, [['a', 'b'], ['1', 'x,y']]],
    ['a header', 'a,b\n1,2\n,"q""q"', { header: true }, [{ a: '1', b: '2' }, { a: '', b: 'q"q' }]],
    ['only a header', 'a,b\n', { header: true }, []],
    ['nothing', '', { header: true }, []],
    ['rows of any width', 'a\nb,c\n', {}, [['a'], ['b', 'c']]],
    ['another delimiter and quote', "a;b\n'1;2';3\n", { delimiter: ';', quote: "'", header: true }, [{ a: '1;2', b: '3' }]],
    ['comments', '# one\n\na,b\n# two\n1,2\n', { comment: '#', header: true }, [{ a: '1', b: '2' }]],
    ['line breaks in values', 'a,b\n"x\r\ny\n\n",2\n3,"4"\n', { multiLine: true, header: true }, [{ a: 'x\ny\n\n', b: '2' }, { a: '3', b: '4' }]],
    ['a byte order mark', '\uFEFFa\n1\n', { header: true }, [{ a: '1' }]],
  ]
  for (const [name, content, options, rows] of reads) {
    test(`csvFile: ${name}`, async () => {
      const path = await file('read.csv', content)
      for (const minPartitions of [1, 2, 50]) assert.deepEqual(await context().csvFile(path, { ...options, minPartitions }).collect(), rows)
    })
  }

  test('csvFile: a schema gives typed values of the columns it names', async () => {
    const path = await file('typed.csv', 'id,name,price,ok,at,big\n1,x,1.5,TRUE,2024-05-06T07:08:09Z,12345678901234567890\n2,,,,,\n')
    const schema = { big: 'bigint?', id: 'number', price: 'number?', ok: 'boolean?', at: 'date?' } as const
    const rows = await context().csvFile(path, { header: true, schema }).collect()
    const second: { big: bigint | null; id: number; ok: boolean | null; at: Date | null } = rows[1]!
    assert.deepEqual(rows[0], { big: 12345678901234567890n, id: 1, price: 1.5, ok: true, at: new Date('2024-05-06T07:08:09Z') })
    assert.deepEqual(second, { big: null, id: 2, price: null, ok: null, at: null })
    assert.deepEqual(await context().csvFile(await file('plain.csv', '1,a\n2,b\n'), { schema: { n: 'number', s: 'string' } }).collect(), [{ n: 1, s: 'a' }, { n: 2, s: 'b' }])
  })

  test('csvFile: infer takes the types from the first rows, of all partitions alike', async () => {
    const path = await file('infer.csv', 'n,zip,ok,at,s,none\n1,007,true,2024-01-01,x,\n-2.5e3,123,false,2024-01-02T03:04:05Z,,\n,,,,,\n')
    const rows = await context().csvFile(path, { header: true, infer: true, minPartitions: 3 }).collect()
    assert.deepEqual(rows, [
      { n: 1, zip: '007', ok: true, at: new Date('2024-01-01'), s: 'x', none: '' },
      { n: -2500, zip: '123', ok: false, at: new Date('2024-01-02T03:04:05Z'), s: '', none: '' },
      { n: null, zip: '', ok: null, at: null, s: '', none: '' },
    ])
    assert.deepEqual(await context().csvFile(await file('infer2.csv', '1,a\n2,b\n'), { infer: true }).collect(), [{ _c0: 1, _c1: 'a' }, { _c0: 2, _c1: 'b' }])
  })

  const damaged: [name: string, content: string, options: CsvReadOptions & { schema?: Record<string, 'number'> }, code: string, message: RegExp][] = [
    ['an open quote', 'a\n"b\nc\n', {}, 'RIV_CSV_ROW', /damaged\.csv, line 2: a quote is not closed on its line.*multiLine/],
    ['an open quote at the end', 'a\n"b\nc\n', { multiLine: true }, 'RIV_CSV_ROW', /line 2: a quote is not closed at the end of the file/],
    ['text after a quote', 'a\n"b"c\n', {}, 'RIV_CSV_ROW', /line 2: text follows the closing quote of field 1/],
    ['a short row', 'a,b\n1,2\n3\n', { header: true }, 'RIV_CSV_ROW', /line 3: the row has 1 fields, there are 2 columns/],
    ['a long row', 'a\n1,2\n', { header: true }, 'RIV_CSV_ROW', /has 2 fields, there are 1 columns/],
    ['a value of another type', 'a,b\n1,x\n', { header: true, schema: { b: 'number' } }, 'RIV_CSV_ROW', /line 2: column 'b' is to be number, and is 'x'/],
    ['an empty number', 'a,b\n1,\n', { header: true, schema: { b: 'number' } }, 'RIV_CSV_ROW', /column 'b' is to be number, and is ''/],
    ['a name twice', 'a,a\n1,2\n', { header: true }, 'RIV_CSV_HEADER', /has the name 'a' twice/],
    ['no such name', 'a,b\n1,2\n', { header: true, schema: { c: 'number' } }, 'RIV_CSV_HEADER', /has no name 'c'; it has \[ 'a', 'b' \]/],
  ]
  for (const [name, content, options, code, message] of damaged) {
    test(`csvFile: ${name} has a code`, async () => {
      await assert.rejects(context().csvFile(await file('damaged.csv', content), { ...options, minPartitions: 1 }).collect(), { code, message })
    })
  }

  test('csvFile refuses options with which nothing could be read', () => {
    for (const options of [{ delimiter: '' }, { delimiter: '"' }, { quote: '\n' }]) assert.throws(() => context().csvFile('x', options), { code: 'RIV_CSV_OPTION', message: /^csvFile at .*test\.ts/ })
  })

  test('saveAsCsvFile and csvFile: strings, arrays and objects', async () => {
    const texts = ['a', '', ' ', '"', ',', 'a\nb', 'ä', '#', "'", '\\', 'null']
    const folder = out('csv')
    await context().parallelize(texts.map(text => ({ text, n: 1, none: null })), 3).saveAsCsvFile(folder, { header: true, codec: 'zstd' })
    assert.deepEqual((await readdir(folder)).sort(), ['_SUCCESS', ...[0, 1, 2].map(i => `part-0000${i}.csv.zst`)])
    assert.deepEqual(await context().csvFile(folder, { header: true, multiLine: true }).collect(), texts.map(text => ({ text, n: '1', none: '' })))
    await context().parallelize(texts.map(text => [text]), 2).saveAsCsvFile(out('csv-arrays'), { delimiter: ';' })
    assert.deepEqual(await context().csvFile(out('csv-arrays'), { multiLine: true, delimiter: ';' }).collect(), texts.map(text => [text]))
    await context().parallelize([[1, -0, 1n, true, new Date(0), undefined]]).saveAsCsvFile(out('csv-values'))
    assert.equal(await readFile(`${out('csv-values')}/${(await readdir(out('csv-values'))).findLast(name => name.startsWith('part'))}`, 'utf8'), '1,-0,1,true,1970-01-01T00:00:00.000Z,\n')
  })

  const unfit: [name: string, records: object[], message: RegExp, columns?: string[]][] = [
    ['another property', [{ a: 1 }, { b: 1 }], /\{ b: 1 \} has the property 'b', and the columns are \[ 'a' \]/],
    ['a value that CSV does not have', [{ a: 1 }, { a: {} }], /has in column 'a' a value that CSV does not have/],
    ['no object', [[1], 'x' as unknown as object], /'x' is no object or array/],
    ['an object after arrays', [[1], { a: 1 }], /is no array, and the first record was one/],
    ['an array of another length', [[1]], /has 1 values, there are 2 columns/, ['a', 'b']],
  ]
  for (const [name, records, message, columns] of unfit) {
    test(`saveAsCsvFile refuses ${name}`, async () => {
      await assert.rejects(context().parallelize(records, 2).saveAsCsvFile(out('unfit'), columns && { columns }), { code: 'RIV_RECORD_COLUMN', message })
      await assert.rejects(readdir(out('unfit')), { code: 'ENOENT' })
    })
  }

  test('binaryRecords: every record once, however the file is split', async () => {
    const bytes = Uint8Array.from({ length: 7 * 1000 }, (_, i) => Math.floor(i / 7) % 256)
    const path = await file('records', bytes)
    for (const partitions of [1, 3, 700]) {
      const rdd = context().binaryRecords(path, 7)
      assert.ok(partitions === 1 || (await rdd.repartition(partitions).count()) === 1000)
      assert.deepEqual(await rdd.map(record => [record.length, record.every(byte => byte === record[0]), record[0]]).collect(), Array.from({ length: 1000 }, (_, i) => [7, true, i % 256]))
    }
    await assert.rejects(context().binaryRecords(path, 6).count(), { code: 'RIV_RECORD_LENGTH', message: /has 7000 bytes.*6 bytes/ })
    for (const length of [0, -1, 1.5]) assert.throws(() => context().binaryRecords(path, length), { code: 'RIV_BINARY_RECORD_LENGTH' })
    assert.deepEqual(await context().binaryRecords(await file('empty', ''), 4).collect(), [])
  })
})

onEveryMaster(context => {
  test('every record once, for every number of partitions', async () => {
    const value = fc.string({ maxLength: 12, unit: fc.constantFrom('a', 'ä', '"', ',', ' ', '\u{1F600}') })
    await fc.assert(fc.asyncProperty(fc.array(value, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), async (values, minPartitions, end, last) => {
      const lines = (each: readonly string[]): string => each.join(end) + (last && each.length > 0 ? end : '')
      const json = await file('split.jsonl', lines(values.map(text => JSON.stringify({ text }))))
      assert.deepEqual(await context().jsonFile(json, minPartitions).collect(), values.map(text => ({ text })))
      const csv = await file('split.csv', lines(['# a comment', '', '"te""xt"', ...values.map(text => `"${text.replaceAll('"', '""')}"`)]))
      assert.deepEqual(await context().csvFile(csv, { header: true, comment: '#', minPartitions }).collect(), values.map(text => ({ 'te"xt': text })))
    }), { numRuns: 25 })
  })
})
