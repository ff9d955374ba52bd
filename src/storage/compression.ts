// Compressed files: the name tells the codec, `.gz` or `.zst`.
//
// - A compressed file can be read only from its start; what was put together of several (gzip members, zstd frames) is read whole.
// - Compressing is a writer around another: chunks are handed on as they come out, so that memory stays bounded.

import { once } from 'node:events'
import { Readable } from 'node:stream'
import { createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { isRivuletError } from '../base/define-errors.ts'
import { storageErrors } from './errors.ts'
import type { FileWriter } from './file-system.ts'
import { zstdFrames } from './zstd-frames.ts'

/** How a text file is compressed. */
export type Codec = 'gzip' | 'zstd'

const extensions: Readonly<Record<Codec, string>> = { gzip: '.gz', zstd: '.zst' }
export const codecs = Object.keys(extensions) as readonly Codec[]

/** What a name ends in for a codec, the point included. */
export const extensionOf = (codec: Codec): string => extensions[codec]

/** The codec that a file's name tells. */
export const codecOf = (path: string): Codec | undefined => codecs.find(codec => path.endsWith(extensions[codec]))

/** The chunks of a compressed file, decompressed; they are left as they are where the name tells no codec. Errors: RIV_FILE_DAMAGED. */
export async function* decompressed(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const codec = codecOf(path)
  if (codec === undefined) return yield* chunks
  const source = Readable.from(codec === 'gzip' ? chunks : zstdFrames(chunks))
  const unzip = codec === 'gzip' ? createGunzip({ chunkSize: 1 << 20 }) : createZstdDecompress({ chunkSize: 1 << 20 })
  source.on('error', error => unzip.destroy(error))
  source.pipe(unzip)
  try {
    for await (const chunk of unzip) yield chunk as Uint8Array
  } catch (error) {
    if (isRivuletError(error)) throw error // the file could not be read
    throw storageErrors.RIV_FILE_DAMAGED.withCause(error, path, (error as Error).message)
  } finally {
    source.destroy()
    unzip.destroy()
  }
}

/** A writer that compresses what it is given into another, which it closes. */
export function compressing(file: FileWriter, codec: Codec): FileWriter {
  const zip = codec === 'gzip' ? createGzip() : createZstdCompress()
  const writing = (async () => { for await (const chunk of zip) await file.write(chunk as Uint8Array) })()
  writing.catch(() => {}) // told to the next write, or to close
  return {
    async write(bytes) {
      const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : Uint8Array.prototype.slice.call(bytes)
      if (chunk.length > 0 && !zip.write(chunk)) await Promise.race([once(zip, 'drain'), writing])
    },
    async close(options) {
      try {
        zip.end()
        await writing
      } finally {
        await file.close(options)
      }
    },
  }
}
