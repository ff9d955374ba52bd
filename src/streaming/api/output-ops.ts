// The rung of outputs: they say what is computed. Those of one batch run in the order of registration, one after another.

import { callSite, type CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import { recordText } from '../../kernel/record-text.ts'
import type { RDD } from '../../rdd/rdd.ts'
import { streamingErrors } from '../errors.ts'
import type { OnFailure, OutputOperation } from '../graph/output-operation.ts'
import { WindowOps } from './window-ops.ts'

const rule = '-------------------------------------------'

export abstract class OutputOps<out T> extends WindowOps<T> {
  /**
   * Calls the function with each batch's RDD and the batch's time, in the driver; an async function is awaited.
   *
   * Actions begun in it belong to the batch, awaited or not: the batch completes, or fails, with them. The time is the batch's id: the same
   * whenever the batch is run again. `onFailure`: `stop` (the default) fails the batch and stops the streams, `skip` reports and goes on,
   * `{ retry: n }` runs the output up to n times more first. Semantics: `DStream.foreachRDD`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([[1, 2], [3]]).foreachRDD(async (rdd, time) => {
   *   console.log(time.milliseconds, await rdd.collect())
   * })
   */
  foreachRDD(f: (rdd: RDD<T>, time: Time) => unknown, options: { readonly onFailure?: OnFailure } = {}): void {
    const site = callSite()
    const { onFailure = 'stop' } = options
    const known = onFailure === 'stop' || onFailure === 'skip' || (Number.isInteger(onFailure?.retry) && onFailure.retry >= 0)
    if (!known) throw streamingErrors.RIV_ON_FAILURE(site.place, recordText(onFailure))
    this.#output('foreachRDD', site, f, onFailure)
  }

  /**
   * Writes the first `n` records of each batch to stdout, in Spark's format.
   *
   * Strings stand as they are, arrays as `(word,3)`, other values as Node shows them; `...` says that there are more. Semantics: `DStream.print`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([['to', 'be']]).print()
   */
  print(n = 10): void {
    this.#output('print', callSite(), async (rdd, time) => {
      const first = await rdd.take(n + 1)
      const lines = [rule, `Time: ${time.milliseconds} ms`, rule, ...first.slice(0, n).map(recordText), ...(first.length > n ? ['...'] : []), '']
      process.stdout.write(`${lines.join('\n')}\n`)
    }, 'stop')
  }

  #output(op: string, site: CallSite, run: (rdd: RDD<T>, time: Time) => unknown, onFailure: OnFailure): void {
    this.graph.assertOpen(op, site)
    this.graph.addOutput({ op, site, node: this.node, run: run as OutputOperation['run'], onFailure })
  }
}
