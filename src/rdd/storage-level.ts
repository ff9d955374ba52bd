// Where the partitions of a persisted RDD are kept. Names and meanings are Spark's; `_2` levels keep one copy on this engine.

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
