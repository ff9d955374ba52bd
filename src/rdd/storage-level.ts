// Where the partitions of a persisted RDD are kept. Names and meanings are Spark's; `_2` levels keep one copy on this engine.
//
//            in memory           no room in memory
//   MEMORY_ONLY      objects     given up, computed again          _SER: encoded blocks only, no objects
//   MEMORY_AND_DISK  objects     a file                            OFF_HEAP is MEMORY_AND_DISK_SER: blocks are off the heap anyway
//   DISK_ONLY        –           a file

import { rddErrors } from './errors.ts'

type Place = 'MEMORY_ONLY' | 'MEMORY_ONLY_SER' | 'MEMORY_AND_DISK' | 'MEMORY_AND_DISK_SER' | 'DISK_ONLY' | 'OFF_HEAP'

/** A storage level, by its place and the copies that Spark would keep; `none` means not persisted. */
export type StorageLevel = 'none' | Place | `${Place}_${number}`

const levels = ['MEMORY_ONLY', 'MEMORY_ONLY_SER', 'MEMORY_AND_DISK', 'MEMORY_AND_DISK_SER', 'DISK_ONLY', 'OFF_HEAP', 'MEMORY_ONLY_2', 'MEMORY_ONLY_SER_2',
  'MEMORY_AND_DISK_2', 'MEMORY_AND_DISK_SER_2', 'DISK_ONLY_2', 'DISK_ONLY_3'] as const

const mostCopies = 39

/** The name of a level of one's own. */
function levelOf(useDisk: boolean, useMemory: boolean, useOffHeap: boolean, deserialized: boolean, replication = 1): StorageLevel {
  if (!Number.isInteger(replication) || replication < 1 || replication > mostCopies) throw rddErrors.RIV_STORAGE_LEVEL_PARTS(`replication is ${String(replication)}, not from 1 to ${mostCopies}`)
  if (useOffHeap && deserialized) throw rddErrors.RIV_STORAGE_LEVEL_PARTS('objects cannot be off the heap')
  const copies = replication === 1 ? '' : `_${replication}` as const
  if (useMemory && useDisk && useOffHeap) return `OFF_HEAP${copies}`
  if (useMemory) return `MEMORY_${useDisk ? 'AND_DISK' : 'ONLY'}${deserialized ? '' : '_SER'}${copies}`
  return useDisk ? `DISK_ONLY${copies}` : 'none'
}

/**
 * The storage levels by Spark's names, and a function that gives the level of `(useDisk, useMemory, useOffHeap, deserialized, replication = 1)`.
 *
 * Blocks are off the heap at every level, and one copy is kept whatever the replication: there is one process. Errors:
 * RIV_STORAGE_LEVEL_PARTS. Semantics: `org.apache.spark.storage.StorageLevel`.
 *
 * @example
 * import { Context, StorageLevel } from 'rivulet'
 * await using ctx = new Context({ master: 'inline' })
 * const squares = ctx.range(0, 10).map(x => x * x).persist(StorageLevel.MEMORY_ONLY)
 * await squares.count()
 * StorageLevel(true, true, false, true)   // 'MEMORY_AND_DISK'
 */
export const StorageLevel = Object.assign(levelOf, {
  NONE: 'none' as const,
  ...(Object.fromEntries(levels.map(level => [level, level])) as { readonly [L in (typeof levels)[number]]: L }),
})

/** What a level means. */
export interface LevelTraits {
  readonly memory: boolean
  readonly disk: boolean
  /** Whether threads hold the decoded records as well. */
  readonly objects: boolean
}

/** What a level means; `none` is nowhere. */
export function traitsOf(level: StorageLevel): LevelTraits {
  return {
    memory: level.startsWith('MEMORY') || level === 'OFF_HEAP',
    disk: level.includes('DISK') || level === 'OFF_HEAP',
    objects: level.startsWith('MEMORY') && !level.includes('SER'),
  }
}
