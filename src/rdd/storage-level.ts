// Where the partitions of a persisted RDD are kept. Names and meanings are Spark's; `_2` levels keep one copy on this engine.
//
//            in memory           no room in memory
//   MEMORY_ONLY      objects     given up, computed again          _SER: encoded blocks only, no objects
//   MEMORY_AND_DISK  objects     a file                            OFF_HEAP is MEMORY_AND_DISK_SER: blocks are off the heap anyway
//   DISK_ONLY        –           a file

/** A storage level; `none` means not persisted. */
export type StorageLevel = 'none' | 'MEMORY_ONLY' | 'MEMORY_ONLY_SER' | 'MEMORY_AND_DISK' | 'MEMORY_AND_DISK_SER' | 'DISK_ONLY' | 'OFF_HEAP'
  | 'MEMORY_ONLY_2' | 'MEMORY_ONLY_SER_2' | 'MEMORY_AND_DISK_2' | 'MEMORY_AND_DISK_SER_2' | 'DISK_ONLY_2' | 'DISK_ONLY_3'

const levels = ['MEMORY_ONLY', 'MEMORY_ONLY_SER', 'MEMORY_AND_DISK', 'MEMORY_AND_DISK_SER', 'DISK_ONLY', 'OFF_HEAP', 'MEMORY_ONLY_2', 'MEMORY_ONLY_SER_2',
  'MEMORY_AND_DISK_2', 'MEMORY_AND_DISK_SER_2', 'DISK_ONLY_2', 'DISK_ONLY_3'] as const

/**
 * The storage levels by Spark's names.
 *
 * @example
 * import { Context, StorageLevel } from 'rivulet'
 * await using ctx = new Context({ master: 'inline' })
 * const squares = ctx.range(0, 10).map(x => x * x).persist(StorageLevel.MEMORY_ONLY)
 * await squares.count()
 */
export const StorageLevel = {
  NONE: 'none',
  ...(Object.fromEntries(levels.map(level => [level, level])) as { readonly [L in (typeof levels)[number]]: L }),
} as const

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
