// Writes records as a Parquet file, a row group at a time: no more than one is held.

import type { SchemaElement } from 'hyparquet'
import type { FileWriter } from '../../storage/file-system.ts'
import { codecName, pageCompressors, type ParquetCodec } from './parquet-codecs.ts'
import { checkRow, columnConverters, leafOf, type FieldType, type TableLeaf, type TableSchema } from './table-schema.ts'

/** What is written, and how. Plain data: it travels to tasks. */
export interface ParquetTarget {
  readonly schema: TableSchema
  readonly codec: ParquetCodec
  /** Most records of a row group. */
  readonly rowGroupSize: number
}

/** Most characters and bytes of the strings and binary values of a row group, however many records those are. */
const maxGroupBytes = 64 << 20

/** Writes the file to its end; closing it is the caller's. Errors: RIV_RECORD_COLUMN. */
export async function writeParquet(file: FileWriter, rows: Iterable<unknown>, { schema, codec, rowGroupSize }: ParquetTarget): Promise<void> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer')
  let bytes = 0
  const counted = (value: unknown): unknown => { bytes += (value as string | Uint8Array).length; return value }
  const converters = columnConverters(schema, { string: counted, bytes: counted })
  const out = Object.assign(new ByteWriter(), { flush: async () => { await file.write(out.getBytes()); out.index = 0 } })
  const names = Object.keys(schema)
  const writer = new ParquetWriter({
    writer: out, schema: [{ name: 'root', num_children: names.length }, ...names.flatMap(name => elementsOf(name, schema[name]!))],
    codec: codecName(codec), compressors: pageCompressors, createdBy: 'rivulet',
  })
  let columns: unknown[][] = names.map(() => [])
  let records = 0
  const flush = async (): Promise<void> => {
    await writer.write({ columnData: names.map((name, i) => ({ name, data: columns[i]! })), rowGroupSize: records })
    columns = names.map(() => [])
    records = bytes = 0
  }
  const take = (column: number, value: unknown): void => { columns[column]!.push(value) }
  for (const record of rows) {
    checkRow(record, converters, take)
    if (++records >= rowGroupSize || bytes >= maxGroupBytes) await flush()
  }
  if (records > 0) await flush()
  await writer.finish()
  await out.flush()
}

const leafElements: Readonly<Record<TableLeaf, Omit<SchemaElement, 'name'>>> = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'DOUBLE' },
  integer: { type: 'INT32' },
  float: { type: 'FLOAT' },
  bigint: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
  date: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } },
  day: { type: 'INT32', converted_type: 'DATE' },
  bytes: { type: 'BYTE_ARRAY' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
}

/** The elements of Parquet's schema that a column is. */
function elementsOf(name: string, type: FieldType): SchemaElement[] {
  if (typeof type === 'string') {
    const { leaf, nullable } = leafOf(type)
    return [{ name, ...leafElements[leaf], repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' }]
  }
  if (Array.isArray(type)) {
    const [item] = type as readonly [FieldType]
    return [{ name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 }, { name: 'list', repetition_type: 'REPEATED', num_children: 1 }, ...elementsOf('element', item)]
  }
  const fields = Object.entries(type as TableSchema)
  return [{ name, repetition_type: 'OPTIONAL', num_children: fields.length }, ...fields.flatMap(([field, fieldType]) => elementsOf(field, fieldType))]
}
