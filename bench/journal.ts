// The journal: from append to durable, for records of 1 KB and of 1 MB, one after another; also with syncs that take 10 ms longer.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { stderrLogger } from '../src/base/log.ts'
import type { FileSystem } from '../src/storage/file-system.ts'
import { FileJournal } from '../src/storage/journal/file-journal.ts'
import { localFileSystem } from '../src/storage/local-file-system.ts'

export interface JournalLatency {
  readonly durability: 'power' | 'process'
  readonly syncDelayMs: number
  readonly bytes: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** From one append to durable while 20 records wait: what group commit makes of it. */
  readonly groupOf20Ms: number
}

/** The local file system with syncs that take longer. */
export const slowSync = (delayMs: number): FileSystem => Object.create(localFileSystem, {
  append: {
    value: async (path: string) => {
      const file = await localFileSystem.append(path)
      return { append: file.append.bind(file), close: file.close.bind(file), sync: async () => { await file.sync(); await setTimeout(delayMs) } }
    },
  },
}) as FileSystem

export async function journalLatency(): Promise<JournalLatency[]> {
  const results: JournalLatency[] = []
  for (const [durability, syncDelayMs] of [['process', 0], ['power', 0], ['power', 10]] as const) {
    for (const [bytes, count] of [[1_000, 400], [1_000_000, 100]] as const) results.push(await measure(durability, syncDelayMs, bytes, count))
  }
  return results
}

async function measure(durability: 'power' | 'process', syncDelayMs: number, bytes: number, count: number): Promise<JournalLatency> {
  const directory = await mkdtemp(join(tmpdir(), 'rivulet-bench-'))
  try {
    const journal = await FileJournal.open({ fs: syncDelayMs === 0 ? localFileSystem : slowSync(syncDelayMs), directory, durability, log: stderrLogger })
    const record = { kind: 'bench', data: { time: 1 }, blocks: [new Uint8Array(new SharedArrayBuffer(bytes)).fill(1)] }
    const timed = async (records: number): Promise<number> => {
      const start = performance.now()
      for (let i = 0; i < records; i++) journal.append(record)
      await journal.durable()
      return performance.now() - start
    }
    for (let i = 0; i < 10; i++) await timed(1)
    const times: number[] = []
    for (let i = 0; i < count; i++) times.push(await timed(1))
    const groupOf20Ms = await timed(20)
    await journal.close()
    times.sort((a, b) => a - b)
    return { durability, syncDelayMs, bytes, p50Ms: times[count >> 1]!, p99Ms: times[Math.ceil(count * 0.99) - 1]!, groupOf20Ms }
  } finally {
    await rm(directory, { recursive: true })
  }
}
