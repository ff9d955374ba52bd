// RDD: the top of the ladder of rungs in api/, and what concerns an RDD as a whole.

import { callSite } from '../base/call-site.ts'
import type { Partitioner } from '../kernel/partitioner.ts'
import { ApproximateOps } from './api/approximate-ops.ts'
import { rddErrors } from './errors.ts'
import { debugString } from './ops/debug-string.ts'
import { keyPartitioning, parentsOf, partitionCount, resolvePlan, type Plan } from './plan.ts'
import { StorageLevel } from './storage-level.ts'
import { partitionerOf } from './target.ts'

/**
 * A resilient distributed dataset: records in partitions, described by how they are computed.
 *
 * Operations describe and return a new RDD at once; actions run a job and return a Promise. Partitions that are lost are computed again.
 * Made by a Context, not with `new`. Semantics: `org.apache.spark.rdd.RDD`.
 *
 * @example
 * import { Context } from 'rivulet'
 * const ctx = new Context()
 * const words = ctx.parallelize(['to be or', 'not to be']).flatMap(line => line.split(' '))
 * await words.map(word => [word, 1]).reduceByKey((a, b) => a + b).sortByKey().collect()   // [['be', 2], ['not', 1], ['or', 1], ['to', 2]]
 */
export class RDD<out T = unknown> extends ApproximateOps<T> {
  /**
   * Keeps the partitions once they have been computed, until `unpersist()`; MEMORY_ONLY by default. Returns the RDD itself.
   *
   * Errors: RIV_STORAGE_LEVEL where it is persisted at another level. Semantics: `RDD.persist`.
   *
   * @example
   * import { Context, StorageLevel } from 'rivulet'
   * const ctx = new Context()
   * const squares = ctx.range(0, 1000).map(n => n * n).persist(StorageLevel.MEMORY_AND_DISK)
   * await squares.count()   // computes and keeps
   * await squares.max()     // reads what was kept
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    const { plan } = this
    if (plan.storage !== 'none' && plan.storage !== level) throw rddErrors.RIV_STORAGE_LEVEL(this.describe(), plan.storage, level)
    plan.storage = level
    if (level !== 'none') this.context.persisted.add(this)
    return this
  }

  /**
   * `persist(StorageLevel.MEMORY_ONLY)`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const squares = ctx.range(0, 1000).map(n => n * n).cache()
   * await squares.count()   // computes and keeps
   * await squares.max()     // reads what was kept
   */
  cache(): this {
    return this.persist()
  }

  /**
   * Forgets the kept partitions; actions compute them again. Returns the RDD itself when that is done.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 10).cache()
   * await numbers.count()
   * await numbers.unpersist()
   */
  async unpersist(): Promise<this> {
    if (this.plan.storage !== 'none') {
      this.context.runner.unpersist(this.plan)
      this.plan.storage = 'none'
      this.context.persisted.delete(this.id)
    }
    return this
  }

  /**
   * The level at which it is persisted; `none` if it is not.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.range(0, 10).cache().getStorageLevel()   // 'MEMORY_ONLY'
   */
  getStorageLevel(): StorageLevel {
    return this.plan.storage
  }

  /**
   * With the next action, writes the partitions to files in the checkpoint folder and cuts the lineage: from then on they are read from there.
   *
   * It is one more computation: persist the RDD before. Call it before the first action. Errors: RIV_CHECKPOINT_DIR where no folder is set.
   * Semantics: `RDD.checkpoint`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.setCheckpointDir(mkdtempSync(`${tmpdir()}/checkpoints-`))
   * const numbers = ctx.range(0, 10).map(n => n * n).cache()
   * numbers.checkpoint()
   * await numbers.count()
   * numbers.isCheckpointed()   // true
   */
  checkpoint(): void {
    const checkpointFolder = this.context.getCheckpointDir()
    if (checkpointFolder === undefined) throw rddErrors.RIV_CHECKPOINT_DIR(this.describe())
    this.plan.checkpoint ??= { folder: `${checkpointFolder}/rdd-${this.id}`, state: 'marked' }
  }

  /**
   * With the next action, keeps the partitions in memory and cuts the lineage: nothing can compute them again, so `unpersist()` loses them.
   * Returns the RDD itself. Semantics: `RDD.localCheckpoint`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * let ranks = ctx.range(0, 10)
   * for (let i = 0; i < 30; i++) ranks = ranks.map(n => n + 1)
   * await ranks.localCheckpoint().count()
   */
  localCheckpoint(): this {
    this.plan.checkpoint ??= { state: 'marked' }
    return this
  }

  /**
   * Whether a checkpoint was taken and the lineage cut.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const numbers = ctx.range(0, 10).localCheckpoint()
   * numbers.isCheckpointed()   // false
   * await numbers.count()
   * numbers.isCheckpointed()   // true
   */
  isCheckpointed(): boolean {
    return this.plan.checkpoint?.state === 'done'
  }

  /**
   * The folder of its checkpoint, once it was taken.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.range(0, 10).getCheckpointFile()   // undefined
   */
  getCheckpointFile(): string | undefined {
    return this.isCheckpointed() ? this.plan.checkpoint?.folder : undefined
  }

  /**
   * The number of partitions, where the lineage knows it; otherwise RIV_UNRESOLVED, whose cure is `await rdd.resolve()`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.range(0, 10, 1, 3).map(n => n + 1).getNumPartitions()   // 3
   */
  getNumPartitions(): number {
    const count = partitionCount(this.plan)
    if (count === undefined) throw rddErrors.RIV_UNRESOLVED(this.describe())
    return count
  }

  /**
   * What spreads its keys over the partitions; undefined where nothing is known of that, and where files or a sort still have to be looked at.
   *
   * RDDs with equal partitioners join without moving. Semantics: `RDD.partitioner`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const counts = ctx.parallelize([['a', 1], ['b', 2]]).reduceByKey((x, y) => x + y, 4)
   * counts.partitioner?.numPartitions             // 4
   * counts.map(([k, n]) => [k, n]).partitioner    // undefined
   */
  get partitioner(): Partitioner | undefined {
    return partitionerOf(keyPartitioning(this.plan))
  }

  /**
   * The RDDs that this one is computed from directly, and whether records are exchanged on the way. Semantics: `RDD.dependencies`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const words = ctx.parallelize([['a', 1]])
   * words.partitionBy(2).dependencies.map(({ rdd, shuffle }) => [rdd.id === words.id, shuffle])   // [[true, true]]
   */
  get dependencies(): readonly { readonly rdd: RDD<unknown>; readonly shuffle: boolean }[] {
    return parentsOf(this.plan).map(plan => ({ rdd: this.derive(plan), shuffle: this.plan.kind === 'shuffle' }))
  }

  /**
   * Finds out what describing left open: lists files, samples keys for a sort. Actions do it themselves. Returns the RDD itself.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * const lines = ctx.textFile('package.json')
   * await lines.resolve()
   * lines.getNumPartitions()
   */
  async resolve(): Promise<this> {
    const site = callSite()
    await this.context.action('resolve', site, async signal => resolvePlan(this.plan, signal))
    return this
  }

  /**
   * The lineage as text: one line an RDD, with the number of partitions where a stage begins.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * console.log(ctx.parallelize([['a', 1]], 2).reduceByKey((a, b) => a + b).toDebugString())
   */
  toDebugString(): string {
    return debugString(this.plan)
  }

  protected override derive<U>(plan: Plan): RDD<U> {
    return new RDD<U>(this.context, plan)
  }
}
