// Reads files whole: records are paths, what comes out are pairs of path and content.

import { decompressed } from '../../storage/compression.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args } from './kinds.ts'

/** The content as text or, where the argument is `bytes`, as bytes; `.gz` and `.zst` files are decompressed for text only. */
export const wholeFiles = ([as]: Args) => async function* (paths: Iterable<string>, _partition: number, io: TaskIO): AsyncGenerator<[string, string | Uint8Array]> {
  for (const path of paths) {
    if (as === 'text') {
      const chunks: Uint8Array[] = []
      for await (const chunk of decompressed(path, io.fs.readRange(path, 0, Infinity))) chunks.push(chunk)
      yield [path, new TextDecoder().decode(Buffer.concat(chunks))]
      continue
    }
    const bytes = await io.fs.read(path)
    yield [path, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)]
  }
}
