// A file system that counts the bytes which a task reads and writes.

import type { FileSystem, FileWriter } from '../storage/file-system.ts'
import type { TaskMetrics } from '../wire/task-metrics.ts'

export function countingFiles(files: FileSystem, metrics: TaskMetrics): FileSystem {
  const written = (content: Uint8Array | string): void => { metrics.bytesWritten += typeof content === 'string' ? Buffer.byteLength(content) : content.length }
  return Object.assign(Object.create(files) as FileSystem, {
    async read(path: string) {
      const bytes = await files.read(path)
      metrics.bytesRead += bytes.length
      return bytes
    },
    async* readRange(path: string, from: number, to: number) {
      for await (const chunk of files.readRange(path, from, to)) {
        metrics.bytesRead += chunk.length
        yield chunk
      }
    },
    async create(path: string): Promise<FileWriter> {
      const file = await files.create(path)
      return {
        write: bytes => {
          written(bytes)
          return file.write(bytes)
        },
        close: options => file.close(options),
      }
    },
  } satisfies Partial<FileSystem>)
}
