// The rung of actions that write files: a new folder of parts, whole or not there (ops/save-folder).

import { callSite } from '../../base/call-site.ts'
import { avroCodecs, type AvroCodec } from '../../kernel/formats/avro-container.ts'
import type { AvroSchema } from '../../kernel/formats/avro-type.ts'
import { parquetCodecs, type ParquetCodec } from '../../kernel/formats/parquet-codecs.ts'
import type { TableSchema } from '../../kernel/formats/table-schema.ts'
import { codecs, extensionOf, type Codec } from '../../storage/compression.ts'
import { storageErrors } from '../../storage/errors.ts'
import { rddErrors } from '../errors.ts'
import { saveFolder, type SaveOptions } from '../ops/save-folder.ts'
import { avroTableSchema, csvColumns, tableSchema } from '../ops/table-schema.ts'
import type { RDD } from '../rdd.ts'
import { runAction } from '../run-job.ts'
import { csvFormat, type CsvOptions } from '../sources/csv-options.ts'
import type { Pair } from '../types.ts'
import { ActionOps } from './action-ops.ts'

/** How text files are written. */
export interface SaveTextOptions {
  /** Compresses the parts; not at all by default. */
  readonly codec?: Codec
}

/** How CSV files are written. */
export interface SaveCsvOptions extends CsvOptions, SaveTextOptions {
  /** The properties that are written, in this order; by default those of the first record that is an object. */
  readonly columns?: readonly string[]
}

/** How Parquet files are written. */
export interface SaveParquetOptions {
  /** The columns and their types; by default those of the first records. */
  readonly schema?: TableSchema
  /** How pages are compressed; `snappy` by default. */
  readonly codec?: ParquetCodec
  /** Most records of a row group; 100 000 by default. One is ended earlier when its text and binary values reach 64 MiB. */
  readonly rowGroupSize?: number
}

/** How Avro files are written. */
export interface SaveAvroOptions {
  /** An Avro schema of records, or the columns and their types; by default those of the first records. */
  readonly schema?: TableSchema | AvroSchema
  /** How blocks are compressed; `snappy` by default. */
  readonly codec?: AvroCodec
}

type Save = Omit<SaveOptions, 'replaces' | 'options'>

export abstract class FileOps<out T> extends ActionOps<T> {
  /**
   * Writes each record as a line: a new folder with `part-00000` and so on, and an empty `_SUCCESS` written last.
   *
   * Strings are written as they are, arrays as `(word,3)`, other values as Node shows them. An existing folder is refused with
   * RIV_FILE_EXISTS; a job that fails leaves nothing. With a `codec` the parts are compressed and named `part-00000.gz` or `.zst`.
   * Semantics: `RDD.saveAsTextFile`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/lines-`)}/out`
   * await ctx.parallelize(['to', 'be'], 2).saveAsTextFile(folder)
   * await ctx.textFile(folder).collect()   // ['to', 'be']
   */
  saveAsTextFile(folder: string, options: SaveTextOptions = {}): Promise<void> {
    return this.#saveText({ op: 'saveAsTextFile', site: callSite(), folder, writer: 'savedText', extension: '' }, options)
  }

  /**
   * Writes each pair as a line `key<tab>value`, which is what Hadoop's text format reads and writes; folder and options as in `saveAsTextFile`.
   *
   * A null or undefined key or value is left out together with the tab. Semantics: `PairRDDFunctions.saveAsHadoopFile` with `TextOutputFormat`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/pairs-`)}/out`
   * await ctx.parallelize([['to', 2], ['be', 1]], 1).saveAsHadoopFile(folder)
   * await ctx.textFile(folder).collect()   // ['to\t2', 'be\t1']
   */
  saveAsHadoopFile(this: RDD<Pair>, folder: string, options: SaveTextOptions = {}): Promise<void> {
    return this.#saveText({ op: 'saveAsHadoopFile', site: callSite(), folder, writer: 'savedPairs', extension: '' }, options)
  }

  /**
   * Writes the records as they are: a new folder with `part-00000` and so on, and an empty `_SUCCESS` written last. `ctx.objectFile` reads it.
   *
   * Each part holds blocks of records with check sums (`docs/formats.md`). Instances need a class that another program can import:
   * others are refused with RIV_RECORD_NOT_ENCODABLE. An existing folder is refused with RIV_FILE_EXISTS; a job that fails leaves nothing.
   * Semantics: `RDD.saveAsObjectFile`, in a format of our own.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/objects-`)}/out`
   * await ctx.parallelize([new Date(0), 1n, undefined]).saveAsObjectFile(folder)
   * await ctx.objectFile(folder).count()   // 3
   */
  saveAsObjectFile(folder: string): Promise<void> {
    return this.#save({ op: 'saveAsObjectFile', site: callSite(), folder, writer: 'savedObjects', extension: '' })
  }

  /**
   * Writes each record as a line of JSON: a new folder with `part-00000.json` and so on, and an empty `_SUCCESS` written last. `ctx.jsonFile` reads it.
   *
   * What `JSON.stringify` gives is written: dates become strings, NaN becomes null. A record that has no JSON fails the action with
   * RIV_RECORD_NOT_JSON. An existing folder is refused with RIV_FILE_EXISTS; a job that fails leaves nothing. Semantics: `DataFrameWriter.json`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/json-`)}/out`
   * await ctx.parallelize([{ word: 'to', count: 2 }]).saveAsJsonFile(folder, { codec: 'gzip' })
   * await ctx.jsonFile(folder).collect()   // [{ word: 'to', count: 2 }]
   */
  saveAsJsonFile(folder: string, options: SaveTextOptions = {}): Promise<void> {
    return this.#saveText({ op: 'saveAsJsonFile', site: callSite(), folder, writer: 'savedJson', extension: '.json' }, options)
  }

  /**
   * Writes each record as a row of CSV: a new folder with `part-00000.csv` and so on, and an empty `_SUCCESS` written last. `ctx.csvFile` reads it.
   *
   * Arrays are written as they are, objects by `columns`, which are the properties of the first record where they are not given; with
   * `header: true` every part begins with their names. Dates are written in ISO 8601, null and undefined as nothing, an empty string as `""`.
   * A record that does not fit fails the action with RIV_RECORD_COLUMN. An existing folder is refused with RIV_FILE_EXISTS; a job that
   * fails leaves nothing. Semantics: `DataFrameWriter.csv`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/csv-`)}/out`
   * await ctx.parallelize([{ word: 'to be, or', count: 2 }]).saveAsCsvFile(folder, { header: true })
   * await ctx.csvFile(folder, { header: true }).collect()   // [{ word: 'to be, or', count: '2' }]
   */
  saveAsCsvFile(this: RDD<object>, folder: string, options: SaveCsvOptions = {}): Promise<void> {
    const { op, site } = { op: 'saveAsCsvFile', site: callSite() }
    const format = csvFormat(op, site, options)
    return runAction(this, op, site, async (run, signal) => {
      const columns = options.columns ?? await csvColumns(this.plan, run, signal)
      const written = { ...checkedCodec(op, options.codec), format, columns }
      await saveFolder(this.context.fs, { op, site, folder, writer: 'savedCsv', options: written, extension: `.csv${suffixOf(options.codec)}` }, run)
    })
  }

  /**
   * Writes the records as Parquet: a new folder with `part-00000.parquet` and so on, and an empty `_SUCCESS` written last. `ctx.parquetFile` reads it.
   *
   * Without a `schema` the columns are those of the first hundred records, which is one more small job: numbers become DOUBLE, bigints INT64,
   * dates TIMESTAMP, Uint8Array BYTE_ARRAY; arrays and objects become lists and structs; each may be null. A record that does not fit fails
   * the action with RIV_RECORD_COLUMN, which names record and column; first records without a common schema with RIV_TABLE_SCHEMA. A
   * row group is held in memory at a time. An existing folder is refused with RIV_FILE_EXISTS; a job that fails leaves nothing.
   * Semantics: `DataFrameWriter.parquet`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/parquet-`)}/out`
   * await ctx.parallelize([{ word: 'to', count: 2, tags: ['a'] }]).saveAsParquetFile(folder, { codec: 'zstd' })
   * await ctx.parquetFile<{ word: string }>(folder, { columns: ['word'] }).collect()   // [{ word: 'to' }]
   */
  saveAsParquetFile(this: RDD<object>, folder: string, options: SaveParquetOptions = {}): Promise<void> {
    const { op, site } = { op: 'saveAsParquetFile', site: callSite() }
    const { codec = 'snappy', rowGroupSize = 100_000 } = options
    if (!parquetCodecs.includes(codec)) throw storageErrors.RIV_FILE_CODEC(op, JSON.stringify(codec), parquetCodecs.join(', '))
    if (!Number.isInteger(rowGroupSize) || rowGroupSize < 1) throw rddErrors.RIV_ROW_GROUP_SIZE(site.place, rowGroupSize)
    return runAction(this, op, site, async (run, signal) => {
      const schema = await tableSchema(options.schema, this.plan, run, signal)
      await saveFolder(this.context.fs, { op, site, folder, writer: 'savedParquet', options: { schema, codec, rowGroupSize }, extension: '.parquet' }, run)
    })
  }

  /**
   * Writes the records as Avro container files: a new folder with `part-00000.avro` and so on, and an empty `_SUCCESS` written last.
   * `ctx.avroFile` reads it.
   *
   * The `schema` is Avro's own, or columns and their types; without one the columns are those of the first hundred records, as in
   * `saveAsParquetFile`. A record that does not fit fails the action with RIV_RECORD_COLUMN, which names record and column. An existing folder
   * is refused with RIV_FILE_EXISTS; a job that fails leaves nothing. Semantics: Spark's `avro` data source.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const folder = `${mkdtempSync(`${tmpdir()}/avro-`)}/out`
   * await ctx.parallelize([{ word: 'to', count: 2 }]).saveAsAvroFile(folder, { schema: { word: 'string', count: 'integer' } })
   * await ctx.avroFile(folder).collect()   // [{ word: 'to', count: 2 }]
   */
  saveAsAvroFile(this: RDD<object>, folder: string, options: SaveAvroOptions = {}): Promise<void> {
    const { op, site } = { op: 'saveAsAvroFile', site: callSite() }
    const { codec = 'snappy' } = options
    if (!avroCodecs.includes(codec)) throw storageErrors.RIV_FILE_CODEC(op, JSON.stringify(codec), avroCodecs.join(', '))
    return runAction(this, op, site, async (run, signal) => {
      const schema = await avroTableSchema(options.schema, this.plan, run, signal)
      await saveFolder(this.context.fs, { op, site, folder, writer: 'savedAvro', options: { schema, codec }, extension: '.avro' }, run)
    })
  }

  #saveText(save: Save, { codec }: SaveTextOptions): Promise<void> {
    return this.#save({ ...save, extension: `${save.extension}${suffixOf(codec)}` }, checkedCodec(save.op, codec))
  }

  #save(save: Save, options: object = {}): Promise<void> {
    return runAction(this, save.op, save.site, async run => { await saveFolder(this.context.fs, { ...save, options }, run) })
  }
}

const suffixOf = (codec: Codec | undefined): string => (codec === undefined ? '' : extensionOf(codec))

function checkedCodec(op: string, codec: Codec | undefined): { codec?: Codec } {
  if (codec === undefined) return {}
  if (!codecs.includes(codec)) throw storageErrors.RIV_FILE_CODEC(op, JSON.stringify(codec), codecs.join(', '))
  return { codec }
}
