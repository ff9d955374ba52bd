// Avro object container files: blocks of records between sync markers.
//
//   'Obj\x01' │ metadata: schema, codec │ sync marker 16 │ block …
//   block: long records │ long bytes │ content, compressed │ sync marker 16
//
// - A block belongs to the range in which the marker before it begins: ranges that share a border give every block once.
// - One block is held at a time, in reading and in writing.
// - Format: Apache Avro 1.12, object container files.

import { randomBytes } from 'node:crypto'
import { crc32, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { isRivuletError } from '../../base/define-errors.ts'
import { ByteInput } from '../../storage/byte-input.ts'
import type { FileSystem, FileWriter } from '../../storage/file-system.ts'
import { showRecord } from '../../wire/remote-error.ts'
import type { FileSlot } from '../../wire/shape.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { avroSchemaOf, avroType, type AvroSchema, type AvroType } from './avro-type.ts'
import { checkRow, columnConverters, type TableSchema } from './table-schema.ts'

export const avroCodecs = ['snappy', 'deflate', 'zstandard', 'null'] as const
/** How the blocks of an Avro file are compressed. */
export type AvroCodec = typeof avroCodecs[number]

const magic = Buffer.from('Obj\x01')
const syncBytes = 16
/** A block is ended when its records have so many bytes, uncompressed. */
const blockBytes = 64_000

/** The records of the blocks of a range, in arrays. Errors: RIV_FILE_FORMAT. */
export async function* avroRecords(fs: FileSystem, file: FileSlot): AsyncGenerator<unknown[]> {
  const { path, from, to } = file
  const bad = (problem: string, cause?: unknown): Error => new FinalFailure(kernelErrors.RIV_FILE_FORMAT.withCause(cause, path, 'Avro', problem))
  const tooShort = (): Error => bad('it ends too early')
  let input = new ByteInput(fs.readRange(path, 0, Infinity), tooShort)
  try {
    if (!(await input.take(magic.length)).equals(magic)) throw bad('it does not begin like a container file')
    const { schema, codec } = await readMetadata(input)
    const sync = Buffer.from(await input.take(syncBytes))
    const decompress = await decompressor(codec)
    if (decompress === undefined) throw bad(`its codec is ${codec}; known are ${avroCodecs.join(', ')}`)
    const type = await avroType(JSON.parse(schema))
    if (input.position - syncBytes < from) {
      await input.close()
      input = new ByteInput(fs.readRange(path, from, Infinity), tooShort, from)
      if (!await input.takePast(sync)) return
    }
    while (input.position - syncBytes < to && await input.more()) {
      const [count, bytes] = [await readLong(input), await readLong(input)]
      if (count < 0 || bytes < 0) throw bad('a block has a negative size')
      const content = await input.take(bytes)
      if (!(await input.take(syncBytes)).equals(sync)) throw bad('a block does not end where it says')
      yield decodeBlock(decompress(content), count, type)
    }
  } catch (error) {
    if (error instanceof FinalFailure || isRivuletError(error)) throw error
    throw bad((error as Error).message, error)
  } finally {
    await input.close()
  }
}

function decodeBlock(content: Uint8Array, count: number, { type, toRecord }: AvroType): unknown[] {
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const records: unknown[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const { value, offset } = type.decode(buffer, at) as { value: unknown; offset: number }
    if (offset < 0) throw new Error('a block has fewer records than it says')
    records.push(toRecord === undefined ? value : toRecord(value))
    at = offset
  }
  if (at !== buffer.length) throw new Error('a block has more bytes than its records')
  return records
}

async function readMetadata(input: ByteInput): Promise<{ schema: string; codec: string }> {
  const metadata = new Map<string, string>()
  for (let count = await readLong(input); count !== 0; count = await readLong(input)) {
    if (count < 0) await readLong(input) // bytes of the part, for those who skip it
    for (let i = 0; i < Math.abs(count); i++) {
      const key = String(await input.take(await readLong(input)))
      metadata.set(key, String(await input.take(await readLong(input))))
    }
  }
  const schema = metadata.get('avro.schema')
  if (schema === undefined) throw new Error('it has no schema')
  return { schema, codec: metadata.get('avro.codec') ?? 'null' }
}

/** A zig-zag number of up to eight bytes: larger ones are no sizes. */
async function readLong(input: ByteInput): Promise<number> {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    if (scale > 2 ** 49) throw new Error('a size is out of range')
    const byte = (await input.take(1))[0]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

function longBytes(value: number): Buffer {
  const bytes: number[] = []
  let rest = value * 2
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

type Bytes = (input: Uint8Array) => Uint8Array

async function decompressor(codec: string): Promise<Bytes | undefined> {
  switch (codec) {
    case 'null': return input => input
    case 'deflate': return input => inflateRawSync(input)
    case 'zstandard': return input => zstdDecompressSync(input)
    case 'snappy': {
      const { decompressSnappy } = await import('hyparquet-compressors')
      return input => {
        const sum = Buffer.from(input.buffer, input.byteOffset, input.byteLength).readUInt32BE(input.length - 4)
        const content = decompressSnappy(input.subarray(0, -4), snappyLength(input))
        if (crc32(content) !== sum) throw new Error('the check sum of a block does not fit')
        return content
      }
    }
    default: return undefined
  }
}

/** The uncompressed length that snappy data begin with. */
function snappyLength(input: Uint8Array): number {
  let length = 0
  for (let i = 0; i < 5; i++) {
    length += (input[i]! & 0x7f) * 2 ** (7 * i)
    if (input[i]! < 0x80) break
  }
  return length
}

async function compressor(codec: AvroCodec): Promise<Bytes> {
  switch (codec) {
    case 'null': return input => input
    case 'deflate': return input => deflateRawSync(input)
    case 'zstandard': return input => zstdCompressSync(input)
    case 'snappy': {
      const { snappyCompress } = await import('hyparquet-writer/src/snappy.js')
      return input => {
        const sum = Buffer.alloc(4)
        sum.writeUInt32BE(crc32(input))
        return Buffer.concat([snappyCompress(input), sum])
      }
    }
  }
}

/** What is written, and how. Plain data: it travels to tasks. */
export interface AvroTarget {
  readonly schema: TableSchema | AvroSchema
  readonly codec: AvroCodec
}

/** Whether a schema is Avro's own. */
export const isAvroSchema = (schema: TableSchema | AvroSchema): schema is AvroSchema => schema['type'] === 'record' && Array.isArray(schema['fields'])

/** Writes the file to its end; closing it is the caller's. Errors: RIV_RECORD_COLUMN. */
export async function writeAvro(file: FileWriter, rows: Iterable<unknown>, { schema, codec }: AvroTarget): Promise<void> {
  const avroSchema = isAvroSchema(schema) ? schema : avroSchemaOf(schema)
  const { type, fromRecord } = await avroType(avroSchema)
  const check = isAvroSchema(schema) ? typeCheck(type) : tableCheck(schema)
  const compress = await compressor(codec)
  const sync = randomBytes(syncBytes)
  const text = (value: string): Buffer => Buffer.concat([longBytes(Buffer.byteLength(value)), Buffer.from(value)])
  await file.write(Buffer.concat([magic, longBytes(2), text('avro.schema'), text(JSON.stringify(avroSchema)), text('avro.codec'), text(codec), longBytes(0), sync]))
  let buffer = Buffer.allocUnsafe(2 * blockBytes)
  let [count, bytes] = [0, 0]
  const flush = async (): Promise<void> => {
    const content = compress(buffer.subarray(0, bytes))
    await file.write(Buffer.concat([longBytes(count), longBytes(content.length), content, sync]))
    count = bytes = 0
  }
  for (const record of rows) {
    const value = check(fromRecord === undefined ? record : fromRecord(record), record)
    let end = type.encode(value, buffer, bytes)
    if (end < 0 && count > 0) {
      await flush()
      end = type.encode(value, buffer, 0)
    }
    if (end < 0) {
      buffer = Buffer.allocUnsafe(buffer.length - end)
      end = type.encode(value, buffer, 0)
    }
    bytes = end
    count++
    if (bytes >= blockBytes) await flush()
  }
  if (count > 0) await flush()
}

/** Gives the value that is encoded. */
type Check = (value: unknown, record: unknown) => unknown

function tableCheck(schema: TableSchema): Check {
  const columns = columnConverters(schema)
  return value => {
    const row: Record<string, unknown> = {}
    checkRow(value, columns, (i, field) => { row[columns[i]![0]] = field })
    return row
  }
}

function typeCheck(type: AvroType['type']): Check {
  return (value, record) => {
    let problem = ''
    const errorHook = (path: string[], part: unknown, expected: unknown): void => { problem ||= `has in column '${path.join('.')}' the value ${showRecord(part)}, which is no ${String(expected)}` }
    if (!type.isValid(value, { noUndeclaredFields: true, errorHook })) throw new FinalFailure(kernelErrors.RIV_RECORD_COLUMN(showRecord(record), problem))
    return value
  }
}
