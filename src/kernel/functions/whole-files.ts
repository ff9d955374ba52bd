// Reads files whole: records are paths, what comes out are pairs of path and content.

import { gunzipSync } from 'node:zlib'
import { storageErrors } from '../../storage/errors.ts'
import { isCompressed } from '../file-lines.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args } from './kinds.ts'

/** The content as text or, where the argument is `bytes`, as bytes; `.gz` files are decompressed for text only. */
export const wholeFiles = ([as]: Args) => async function* (paths: Iterable<string>, _partition: number, io: TaskIO): AsyncGenerator<[string, string | Uint8Array]> {
  for (const path of paths) {
    const bytes = await io.fs.read(path)
    yield [path, as === 'bytes' ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : textOf(path, bytes)]
  }
}

function textOf(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder().decode(isCompressed(path) ? gunzipSync(bytes) : bytes)
  } catch (error) {
    throw storageErrors.RIV_FILE_DAMAGED.withCause(error, path, (error as Error).message)
  }
}
