// The chunks of a zstd file, cut anew so that a frame's end is always a chunk's end.
//
//   magic 4 │ descriptor 1 │ window, dictionary id, content size │ block … │ check sum 4, where the descriptor says so
//   block: u24 { last 1 bit, type 2 bits, size 21 bits } │ content (of type 1: one byte, repeated)
//
// - Node's stream drops what follows the end of a frame inside a chunk, without an error; files of several frames are common
//   (pzstd, or files put together), and losing records silently is the worst a reader can do.
// - Format: RFC 8878. Skippable frames are left out.

import { ByteInput } from './byte-input.ts'

const frameMagic = 0xFD2FB528
const skippableMagic = 0x184D2A50
const runBlock = 1

/** Chunks of whole blocks. What is no zstd goes on as it is: the decoder says what is wrong with it. */
export async function* zstdFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = new ByteInput(chunks, () => new Error('unexpected end of file'))
  try {
    do {
      const magic = await input.take(4)
      const kind = magic.readUInt32LE(0)
      if (kind === frameMagic) yield* blocksOf(input, magic)
      else if ((kind & 0xFFFFFFF0) === skippableMagic) await input.take((await input.take(4)).readUInt32LE(0))
      else yield magic
    } while (await input.more())
  } finally {
    await input.close()
  }
}

async function* blocksOf(input: ByteInput, magic: Buffer): AsyncGenerator<Uint8Array> {
  const descriptor = await input.take(1)
  const bits = descriptor[0]!
  const singleSegment = (bits & 0x20) !== 0
  const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][bits >> 6]!
  const rest = (singleSegment ? 0 : 1) + [0, 1, 2, 4][bits & 3]! + contentSize
  const checkSum = (bits & 4) === 0 ? 0 : 4
  let before = Buffer.concat([magic, descriptor, await input.take(rest)])
  for (let last = false; !last;) {
    const header = await input.take(3)
    const word = header.readUIntLE(0, 3)
    last = (word & 1) === 1
    const bytes = ((word >> 1) & 3) === runBlock ? 1 : word >> 3
    yield Buffer.concat([before, header, await input.take(bytes + (last ? checkSum : 0))])
    before = Buffer.alloc(0)
  }
}
