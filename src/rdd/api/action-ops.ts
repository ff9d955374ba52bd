// The rung of actions: they run a job and give its result as a Promise.
//
// - Nothing runs before an action is called; captured variables are read when it is.
// - A rejected action leaves the context usable.
// - The promise that a method returns is the one its batch waits for: what follows on a job stands inside `runAction`.

import { callSite, type CallSite } from '../../base/call-site.ts'
import { rddErrors } from '../errors.ts'
import { builtin, userFunction } from '../nodes.ts'
import { reduceInDriver } from '../ops/reduce.ts'
import { take } from '../ops/take.ts'
import { partitionCount, resolvePlan } from '../plan.ts'
import { runAction } from '../run-job.ts'
import { NumberOps } from './number-ops.ts'

export abstract class ActionOps<out T> extends NumberOps<T> {
  /**
   * All records, in the order of partitions. They must fit in the memory of the driver; `for await` takes a partition at a time.
   *
   * Semantics: `RDD.collect`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 4).collect()   // [0, 1, 2, 3]
   */
  collect(): Promise<T[]> {
    return runAction(this, 'collect', callSite(), async run => {
      const records: unknown[] = []
      for (const part of await run({ to: 'collect' })) for (const record of part.records) records.push(record)
      return records as T[]
    })
  }

  /**
   * The number of records.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 1000).filter(n => n % 3 === 0).count()   // 334
   */
  count(): Promise<number> {
    return runAction(this, 'count', callSite(), async run => {
      let count = 0
      for (const part of await run({ to: 'count' })) count += part.count
      return count
    })
  }

  /**
   * Combines all records into one, two at a time: within each partition, then over the partitions in their order.
   *
   * The function must be associative. Rejects when there is no record: RIV_EMPTY_RDD. Semantics: `RDD.reduce`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(1, 5).reduce((a, b) => a * b)   // 24
   */
  reduce(f: (a: T, b: T) => T): Promise<T> {
    return this.reduced('reduce', callSite(), f)
  }

  /**
   * The first `n` records. Runs as few partitions as it takes: one, then four times as many.
   *
   * Semantics: `RDD.take`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 1e9).map(n => n * n).take(3)   // [0, 1, 4]
   */
  take(n: number): Promise<T[]> {
    return this.#take('take', callSite(), n, records => records)
  }

  /**
   * The first record. Rejects when there is none: RIV_EMPTY_RDD.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be']).first()   // 'to'
   */
  first(): Promise<T> {
    const site = callSite()
    return this.#take('first', site, 1, records => {
      if (records.length === 0) throw rddErrors.RIV_EMPTY_RDD('first', site.place)
      return records[0]!
    })
  }

  /**
   * Whether there is no record.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 10).filter(n => n > 10).isEmpty()   // true
   */
  isEmpty(): Promise<boolean> {
    return this.#take('isEmpty', callSite(), 1, records => records.length === 0)
  }

  /**
   * Calls the function with each record, in the tasks, for what it does.
   *
   * What it changes in captured variables stays in the task: use an accumulator to count. Semantics: `RDD.foreach`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.parallelize(['to', 'be']).foreach(word => { console.log(word) })
   */
  foreach(f: (record: T) => void): Promise<void> {
    const site = callSite()
    return runAction(this, 'foreach', site, async run => { await run({ to: 'foreach', fn: userFunction(f, 'foreach', site) }) })
  }

  /**
   * Calls the function once a partition with its records, in the tasks; an async function is awaited. For writing to a database over one connection.
   *
   * Semantics: `RDD.foreachPartition`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * await ctx.range(0, 100).foreachPartition(async numbers => {
   *   for (const n of numbers) await Promise.resolve(n)   // db.insert(n)
   * })
   */
  foreachPartition(f: (records: Iterable<T>) => void | Promise<void>): Promise<void> {
    const site = callSite()
    return runAction(this, 'foreachPartition', site, async run => { await run({ to: 'partition', fn: builtin('forRows', [], [userFunction(f, 'foreachPartition', site)]) }) })
  }

  /**
   * The records, a partition at a time: each is computed when the loop comes to it, and only one is held.
   *
   * An RDD is an async iterable itself, so `for await (const x of rdd)` does the same. Leaving the loop early leaves the other partitions alone.
   * Semantics: `RDD.toLocalIterator`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * for await (const n of ctx.range(0, 1e6)) if (n === 3) break
   */
  toLocalIterator(): AsyncGenerator<T, void, undefined> {
    return this.#partitions('toLocalIterator', callSite())
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.#partitions('for await', callSite())
  }

  protected reduced(op: string, site: CallSite, f: (a: T, b: T) => T): Promise<T> {
    return runAction(this, op, site, async run => {
      const fn = userFunction(f, op, site)
      const partial = (await run({ to: 'reduce', fn })).flatMap(part => part.records)
      if (partial.length === 0) throw rddErrors.RIV_EMPTY_RDD(op, site.place)
      return reduceInDriver(fn, partial) as T
    })
  }

  async* #partitions(op: string, site: CallSite): AsyncGenerator<T, void, undefined> {
    await resolvePlan(this.plan)
    for (let partition = 0; partition < partitionCount(this.plan)!; partition++) {
      const [part] = await runAction(this, op, site, run => run({ to: 'collect' }, [partition]))
      yield* part!.records as T[]
    }
  }

  #take<R>(op: string, site: CallSite, n: number, result: (records: T[]) => R): Promise<R> {
    return runAction(this, op, site, async (run, signal) => result(await take(this.plan, n, run, signal) as T[]))
  }
}
