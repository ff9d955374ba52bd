// Partitioners: which partition a key belongs to. Last argument of every shuffle operation, in place of a number of partitions.

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
  abstract readonly numPartitions: number
  abstract getPartition(key: unknown): number

  /** Whether the other one puts every key where this one does; then no data has to move between RDDs that use them. */
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
  readonly numPartitions: number

  constructor(numPartitions: number) {
    super()
    this.numPartitions = numPartitions
  }

  getPartition(key: unknown): number {
    return partitionOfHash(hashKey(key), this.numPartitions)
  }

  override equals(other: object): boolean {
    return other instanceof HashPartitioner && other.numPartitions === this.numPartitions
  }
}
