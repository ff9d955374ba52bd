// What a context reads: files as RDDs. Files are looked for when a job is planned, and read in tasks.

import { callSite, type CallSite } from '../base/call-site.ts'
import type { CsvType } from '../kernel/formats/csv-records.ts'
import { RDD } from '../rdd/rdd.ts'
import type { RDDContext } from '../rdd/rdd-context.ts'
import { csvFormat, type CsvReadOptions, type CsvRecord, type CsvSchema } from '../rdd/sources/csv-options.ts'
import { avroFile, binaryRecords, csvFile, jsonFile, parquetFile, type FileInput } from '../rdd/sources/record-files.ts'
import { objectFile, textFile, wholeFiles } from '../rdd/sources/text-file.ts'
import { checkedCount } from '../rdd/target.ts'
import { contextErrors } from './errors.ts'

/** The part of a context that reads files. */
export abstract class FileSources {
  /**
   * An RDD of the lines of text files: a file, a folder, a glob (`* ? [ ] { }`), or a list of them with commas.
   *
   * UTF-8; `\n` and `\r\n` end a line; `.gz` and `.zst` files are decompressed; names that start with `.` or `_` are skipped in folders and globs.
   * Files are looked for when a job is planned: a missing one fails the action with RIV_FILE_NOT_FOUND. Large files are read in several
   * partitions, at least `minPartitions` in all (at most 2 by default). Semantics: `SparkContext.textFile`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.textFile('package.json').filter(line => line.includes('"name"')).count()
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    this.rddContext.assertRunning('textFile')
    return new RDD<string>(this.rddContext, textFile(this.rddContext.fs, path, this.#least('textFile', minPartitions), callSite()))
  }

  /**
   * An RDD of whole text files as `[path, text]`, from the same kinds of paths as `textFile`.
   *
   * Each file must fit in memory. Semantics: `SparkContext.wholeTextFiles`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.wholeTextFiles('package.json').mapValues(text => JSON.parse(text).type).collect()   // [['package.json', 'module']]
   */
  wholeTextFiles(path: string, minPartitions?: number): RDD<[string, string]> {
    this.rddContext.assertRunning('wholeTextFiles')
    return new RDD<[string, string]>(this.rddContext, wholeFiles(this.rddContext.fs, path, this.#least('wholeTextFiles', minPartitions), 'wholeTextFiles', callSite(), 'text'))
  }

  /**
   * An RDD of whole files as `[path, bytes]`, from the same kinds of paths as `textFile`.
   *
   * Each file must fit in memory. Semantics: `SparkContext.binaryFiles`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.binaryFiles('package.json').mapValues(bytes => bytes[0]).values().collect()   // [123]
   */
  binaryFiles(path: string, minPartitions?: number): RDD<[string, Uint8Array]> {
    this.rddContext.assertRunning('binaryFiles')
    return new RDD<[string, Uint8Array]>(this.rddContext, wholeFiles(this.rddContext.fs, path, this.#least('binaryFiles', minPartitions), 'binaryFiles', callSite(), 'bytes'))
  }

  /**
   * An RDD of the records that `saveAsObjectFile` wrote, from the same kinds of paths as `textFile`; one partition a file.
   *
   * A file that is damaged fails the action with RIV_FILE_CORRUPT as the cause. Semantics: `SparkContext.objectFile`, in a format of our own.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/objects-`)}/out`
   * await ctx.parallelize([['a', 1], ['b', 2]]).saveAsObjectFile(folder)
   * await ctx.objectFile<[string, number]>(folder).values().sum()   // 3
   */
  objectFile<T = unknown>(path: string): RDD<T> {
    this.rddContext.assertRunning('objectFile')
    return new RDD<T>(this.rddContext, objectFile(this.rddContext.fs, path, callSite()))
  }

  /**
   * An RDD of the values of JSON lines files, one a line, from the same kinds of paths as `textFile`, split and decompressed as there.
   *
   * Blank lines are left out. A line that is no JSON fails the action with RIV_JSON_LINE, which names the file, the line and its text: nothing
   * checks that values are of type `T`. Semantics: `DataFrameReader.json`, one record a value.
   *
   * @example
   * import { mkdtempSync, writeFileSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const file = `${mkdtempSync(`${tmpdir()}/json-`)}/words.jsonl`
   * writeFileSync(file, '{"word":"to","count":2}\n{"word":"be","count":3}\n')
   * await ctx.jsonFile<{ word: string; count: number }>(file).map(row => row.count).sum()   // 5
   */
  jsonFile<T = unknown>(path: string, minPartitions?: number): RDD<T> {
    return new RDD<T>(this.rddContext, jsonFile(this.#input('jsonFile', callSite(), path, minPartitions)))
  }

  /**
   * An RDD of the rows of CSV files, from the same kinds of paths as `textFile`, split and decompressed as there.
   *
   * A row is an array of strings; with `header: true` an object of strings by the names in each file's first row; with a `schema` an object of
   * typed values; with `infer: true` of values typed by the first thousand rows of the first file. Quotes are doubled inside quotes (Spark: `escape: '\\'`).
   * Values with line breaks need `multiLine: true`, which reads a file as one partition. A row that does not fit fails the action with
   * RIV_CSV_ROW or RIV_CSV_HEADER. Semantics: `DataFrameReader.csv` in its mode FAILFAST.
   *
   * @example
   * import { mkdtempSync, writeFileSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const file = `${mkdtempSync(`${tmpdir()}/csv-`)}/words.csv`
   * writeFileSync(file, 'word,count\nto,2\n"be, or",3\n')
   * await ctx.csvFile(file).count()                                                          // 3: arrays of strings, the header too
   * await ctx.csvFile(file, { header: true }).first()                                        // { word: 'to', count: '2' }
   * await ctx.csvFile(file, { header: true, schema: { count: 'number' } }).map(row => row.count).sum()   // 5
   */
  csvFile<const S extends CsvSchema>(path: string, options: CsvReadOptions & { readonly schema: S }): RDD<CsvRecord<S>>
  csvFile<T = Readonly<Record<string, string | number | boolean | Date | null>>>(path: string, options: CsvReadOptions & { readonly infer: true }): RDD<T>
  csvFile<T = Readonly<Record<string, string>>>(path: string, options: CsvReadOptions & { readonly header: true }): RDD<T>
  csvFile(path: string, options?: CsvReadOptions): RDD<string[]>
  csvFile(path: string, options: CsvReadOptions & { readonly schema?: CsvSchema; readonly infer?: boolean } = {}): RDD<unknown> {
    const input = this.#input('csvFile', callSite(), path, options.minPartitions)
    const columns = options.schema === undefined ? (options.infer === true ? 'infer' : undefined) : Object.entries<CsvType>(options.schema)
    return new RDD<unknown>(this.rddContext, csvFile(input, csvFormat('csvFile', input.site, options), columns))
  }

  /**
   * An RDD of the records of Parquet files, from the same kinds of paths as `textFile`.
   *
   * A partition reads the row groups that begin in its bytes; only the `columns` that are asked for are read, and records have no others.
   * INT64 is a bigint; timestamps and DATE are dates, to the millisecond; binary is a Uint8Array; a DECIMAL of up to 15 digits is a number, a
   * longer one a string; what is missing is null. A damaged file fails the action with RIV_FILE_FORMAT, an unknown column with
   * RIV_TABLE_COLUMN; nothing checks that records are of type `T`. Semantics: `DataFrameReader.parquet`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/parquet-`)}/out`
   * await ctx.range(0, 1000).map(n => ({ n, square: n * n })).saveAsParquetFile(folder)
   * await ctx.parquetFile<{ square: number }>(folder, { columns: ['square'] }).map(row => row.square).max()   // 998001
   */
  parquetFile<T = Readonly<Record<string, unknown>>>(path: string, options: { readonly columns?: readonly (keyof T & string)[]; readonly minPartitions?: number } = {}): RDD<T> {
    return new RDD<T>(this.rddContext, parquetFile(this.#input('parquetFile', callSite(), path, options.minPartitions), options.columns))
  }

  /**
   * An RDD of the records of Avro container files, from the same kinds of paths as `textFile`, split between their blocks.
   *
   * Each file is read by the schema in it. A long is a bigint; timestamps and dates are dates, to the millisecond; bytes and fixed are
   * Uint8Arrays; a decimal of up to 15 digits is a number, a longer one a string; a union is the value of its branch. The codecs are null,
   * deflate, snappy and zstandard. A damaged file fails the action with RIV_FILE_FORMAT; nothing checks that records are of type `T`.
   * Semantics: Spark's `avro` data source.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/avro-`)}/out`
   * await ctx.range(0, 1000).map(n => ({ n, square: n * n })).saveAsAvroFile(folder)
   * await ctx.avroFile<{ square: number }>(folder).map(row => row.square).max()   // 998001
   */
  avroFile<T = Readonly<Record<string, unknown>>>(path: string, minPartitions?: number): RDD<T> {
    return new RDD<T>(this.rddContext, avroFile(this.#input('avroFile', callSite(), path, minPartitions)))
  }

  /**
   * An RDD of the records of binary files: `recordLength` bytes each, from the same kinds of paths as `textFile`.
   *
   * Large files are read in several partitions. A file whose size is no multiple of the length fails the action with RIV_RECORD_LENGTH.
   * Semantics: `SparkContext.binaryRecords`.
   *
   * @example
   * import { mkdtempSync, writeFileSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const file = `${mkdtempSync(`${tmpdir()}/records-`)}/ticks`
   * writeFileSync(file, new Uint8Array(new Float64Array([1.5, 2.5]).buffer))
   * await ctx.binaryRecords(file, 8).map(bytes => new Float64Array(bytes.buffer)[0]!).sum()   // 4
   */
  binaryRecords(path: string, recordLength: number): RDD<Uint8Array> {
    const input = this.#input('binaryRecords', callSite(), path, undefined)
    if (!Number.isInteger(recordLength) || recordLength < 1) throw contextErrors.RIV_BINARY_RECORD_LENGTH(input.site.place, recordLength)
    return new RDD<Uint8Array>(this.rddContext, binaryRecords(input, recordLength))
  }

  /** The context itself. */
  protected abstract readonly rddContext: RDDContext & { readonly defaultMinPartitions: number }

  #input(op: string, site: CallSite, path: string, minPartitions: number | undefined): FileInput {
    this.rddContext.assertRunning(op)
    return { fs: this.rddContext.fs, path, minPartitions: this.#least(op, minPartitions), op, site }
  }

  #least(op: string, minPartitions: number | undefined): number {
    return minPartitions === undefined ? this.rddContext.defaultMinPartitions : checkedCount(op, minPartitions)
  }
}
