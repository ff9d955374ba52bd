// How the pages of Parquet files are compressed: Node's own codecs where it has them, which are several times as fast.

import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { CompressionCodec, Compressors } from 'hyparquet'

export const parquetCodecs = ['snappy', 'gzip', 'zstd', 'brotli', 'uncompressed'] as const
/** How the pages of a Parquet file are compressed when it is written. Every codec but LZO is read. */
export type ParquetCodec = typeof parquetCodecs[number]

export const codecName = (codec: ParquetCodec): CompressionCodec => codec.toUpperCase() as CompressionCodec

/** Compresses; snappy is the writer's own. */
export const pageCompressors = {
  GZIP: (input: Uint8Array) => gzipSync(input),
  ZSTD: (input: Uint8Array) => zstdCompressSync(input),
  BROTLI: (input: Uint8Array) => brotliCompressSync(input),
}

/** Decompresses. */
export async function pageDecompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors')
  return {
    ...compressors,
    GZIP: input => gunzipSync(input),
    ZSTD: input => zstdDecompressSync(input),
    BROTLI: input => brotliDecompressSync(input),
  }
}
