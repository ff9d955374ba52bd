// Partitioners: which partition a key belongs to. Last argument of every shuffle operation, in place of a number of partitions.

import { compareValues } from '../wire/key/compare.ts'
import { hashKey, partitionOfHash } from '../wire/key/hash-key.ts'

/**
 * Says which partition a key belongs to. Own partitioners extend it; they travel to the tasks like functions do.
 *
 * `getPartition` must give an integer from 0 to `numPartitions - 1`, the same for equal keys.
 * Semantics: `org.apache.spark.Partitioner`.
 *
 * @example
 * import { Context, Partitioner } from 'rivulet'
 * class ByLength extends Partitioner {
 *   numPartitions = 4
 *   getPartition(key: string) { return key.length % 4 }
 * }
 * const ctx = new Context()
 * const words = ctx.parallelize([['to', 1], ['be', 2], ['not', 3]])
 * await words.partitionBy(new ByLength()).glom().collect()   // [[], [], [['to', 1], ['be', 2]], [['not', 3]]]
 */
export abstract class Partitioner {
  /** How many partitions there are. */
  abstract readonly numPartitions: number
  /**
   * The number of the partition that a key belongs to.
   *
   * @example
   * import { HashPartitioner } from 'rivulet'
   * new HashPartitioner(1).getPartition('a')   // 0
   */
  abstract getPartition(key: unknown): number

  /**
   * Whether the other one puts every key where this one does; then no data has to move between RDDs that use them.
   *
   * @example
   * import { HashPartitioner } from 'rivulet'
   * new HashPartitioner(4).equals(new HashPartitioner(4))   // true
   */
  equals(other: object): boolean {
    return this === other
  }
}

/**
 * Spreads keys evenly by their hash; the default. Equal by structure, on every machine and in every version.
 *
 * Partition i holds an interval of the hash values, so the numbers differ from Spark's `hashCode % n`.
 *
 * @example
 * import { Context, HashPartitioner } from 'rivulet'
 * const ctx = new Context()
 * await ctx.parallelize([['a', 1], ['b', 2]]).reduceByKey((x, y) => x + y, new HashPartitioner(2)).collect()
 */
export class HashPartitioner extends Partitioner {
  override readonly numPartitions: number

  constructor(numPartitions: number) {
    super()
    this.numPartitions = numPartitions
  }

  override getPartition(key: unknown): number {
    return partitionOfHash(hashKey(key), this.numPartitions)
  }

  override equals(other: object): boolean {
    return other instanceof HashPartitioner && other.numPartitions === this.numPartitions
  }
}

/**
 * Gives each partition a range of keys in the natural order: partition i holds the keys up to `bounds[i]`, the last one the rest.
 *
 * `rdd.rangePartitioner(n)` finds bounds for which the partitions hold about equally many pairs. RDDs that are partitioned by equal ones join
 * without moving, and `filterByRange` computes only the partitions that it needs. Semantics: `org.apache.spark.RangePartitioner`.
 *
 * @example
 * import { Context, RangePartitioner } from 'rivulet'
 * const ctx = new Context()
 * const people = ctx.parallelize([['ann', 30], ['bob', 40], ['cay', 50]])
 * await people.partitionBy(new RangePartitioner(['b', 'c'])).keys().glom().collect()   // [['ann'], ['bob'], ['cay']]
 */
export class RangePartitioner extends Partitioner {
  override readonly numPartitions: number
  /** Keys in ascending order, at most one fewer than partitions. */
  readonly bounds: readonly unknown[]
  /** Whether the first partition holds the smallest keys, or the largest. */
  readonly ascending: boolean

  constructor(bounds: readonly unknown[], ascending = true, numPartitions: number = bounds.length + 1) {
    super()
    this.bounds = bounds
    this.ascending = ascending
    this.numPartitions = numPartitions
  }

  override getPartition(key: unknown): number {
    return partitionOfRange(key, this.bounds, this.ascending)
  }

  override equals(other: object): boolean {
    return other instanceof RangePartitioner && other.numPartitions === this.numPartitions && other.ascending === this.ascending && compareValues(other.bounds, this.bounds) === 0
  }
}

/** The range that a key lies in; descending, counted from the end. */
export function partitionOfRange(key: unknown, bounds: readonly unknown[], ascending: boolean): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareValues(key, bounds[middle]) > 0) low = middle + 1
    else high = middle
  }
  return ascending ? low : bounds.length - low
}
