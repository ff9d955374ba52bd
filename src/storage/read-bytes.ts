// A range of a file as one buffer; shorter where the file ends before.

import type { FileSystem } from './file-system.ts'

export async function readBytes(fs: FileSystem, path: string, from: number, to: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of fs.readRange(path, from, to)) chunks.push(chunk)
  const [first] = chunks
  return chunks.length === 1 ? Buffer.from(first!.buffer, first!.byteOffset, first!.byteLength) : Buffer.concat(chunks)
}
