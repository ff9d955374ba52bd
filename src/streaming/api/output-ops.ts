// The rung of outputs: they say what is computed. Those of one batch run in the order of registration, one after another.

import { callSite, type CallSite } from '../../base/call-site.ts'
import type { Time } from '../../base/time.ts'
import { recordText } from '../../kernel/record-text.ts'
import { saveFolder, type SaveOptions } from '../../rdd/ops/save-folder.ts'
import type { RDD } from '../../rdd/rdd.ts'
import { runAction } from '../../rdd/run-job.ts'
import type { Pair } from '../../rdd/types.ts'
import { currentBatch } from '../batch/batch.ts'
import type { DStream } from '../dstream.ts'
import { streamingErrors } from '../errors.ts'
import { taskFunctions, writeTo, type Sink } from '../output/save-to.ts'
import type { Committer, IdempotentSink, TwoPhaseSink } from '../output/sink.ts'
import { DeadLetters } from '../graph/dead-letters.ts'
import type { OnFailure, OutputOperation } from '../graph/output-operation.ts'
import { JoinOps } from './join-ops.ts'

const rule = '-------------------------------------------'

export abstract class OutputOps<out T> extends JoinOps<T> {
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
   * Gives the handler each record for which a function throws, with the error and the batch's time, in place of failing the batch.
   *
   * It covers the functions of `map`, `filter`, `flatMap`, `mapValues` and `flatMapValues` that lead to this stream, back to the input, the last
   * exchange (`reduceByKey`, `repartition` …), a persisted stream, or `mapPartitions` and `mapAsync`. The record is the one that the function got;
   * it gives nothing to this stream. The handler runs in the driver when the outputs of the batch have run, partition by partition, in order; a
   * promise is awaited; if it throws the batch fails. A batch that is run again after recovery tells it again, with the same time. Records that no
   * output computes (`print` looks at the first ones only) are not told. The first handler of a stream wins, and of several streams the one that is
   * nearest to the input. Gives the stream itself. Spark has no such operation.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const lines = ssc.queueStream([['{"n": 1}', 'no json']])
   * lines.map(line => JSON.parse(line) as { n: number }).deadLetter((line, error) => { console.error(line, error.message) }).print()
   */
  deadLetter(handler: (record: unknown, error: Error, time: Time) => unknown): this {
    this.graph.addLetters(this.node, new DeadLetters(handler, callSite()))
    return this
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

  /**
   * Writes each batch as a folder of text files, `prefix-<ms>` or `prefix-<ms>.<suffix>` after the batch's time; see `RDD.saveAsTextFile`.
   *
   * A folder of that name is replaced: a batch that is run again leaves one result. Semantics: `DStream.saveAsTextFiles`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([['to', 'be']]).saveAsTextFiles(`${mkdtempSync(`${tmpdir()}/words-`)}/words`, 'txt')   // …/words-1000.txt/part-00000
   */
  saveAsTextFiles(prefix: string, suffix = ''): void {
    this.#save('saveAsTextFiles', callSite(), prefix, suffix, 'savedText')
  }

  /**
   * Writes the records of each batch as they are, to a folder named as by `saveAsTextFiles`; `ctx.objectFile` reads it.
   *
   * Semantics: `DStream.saveAsObjectFiles`, in a format of our own.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([[new Date(0), 1n]]).saveAsObjectFiles(`${mkdtempSync(`${tmpdir()}/things-`)}/things`)   // …/things-1000/part-00000
   */
  saveAsObjectFiles(prefix: string, suffix = ''): void {
    this.#save('saveAsObjectFiles', callSite(), prefix, suffix, 'savedObjects')
  }

  /**
   * Writes each pair of a batch as a line `key<tab>value`, to a folder named as by `saveAsTextFiles`; see `RDD.saveAsHadoopFile`.
   *
   * Semantics: `PairDStreamFunctions.saveAsHadoopFiles` with `TextOutputFormat`.
   *
   * @example
   * import { mkdtempSync } from 'node:fs'
   * import { tmpdir } from 'node:os'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.queueStream([[['to', 2]]]).saveAsHadoopFiles(`${mkdtempSync(`${tmpdir()}/counts-`)}/counts`, 'tsv')   // …/counts-1000.tsv/part-00000
   */
  saveAsHadoopFiles(this: DStream<Pair>, prefix: string, suffix = ''): void {
    this.#save('saveAsHadoopFiles', callSite(), prefix, suffix, 'savedPairs')
  }

  #save(op: string, site: CallSite, prefix: string, suffix: string, writer: SaveOptions['writer']): void {
    this.#output(op, site, async (rdd, time) => {
      const folder = `${prefix}-${time.milliseconds}${suffix === '' ? '' : `.${suffix}`}`
      const { assertNewest, again } = currentBatch()!
      const replaces = { epoch: this.graph.epoch, assertNewest, again }
      await runAction(rdd, op, site, run => saveFolder(rdd.context.fs, { op, site, folder, writer, replaces }, run))
    }, 'stop')
  }

  /**
   * Gives every partition of every batch to a sink, with what it is part of: so that the sink can write each record once, whatever fails.
   *
   * An idempotent sink gets each part at least once; a two-phase sink commits when the batch's completion is durable. `onFailure` as in
   * `foreachRDD`. See `IdempotentSink` and `TwoPhaseSink`. Spark has no such operation.
   *
   * @example
   * import { appendFile } from 'node:fs/promises'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.socketTextStream('localhost', 9999).saveTo({
   *   write: (lines, { time, partition }) => appendFile(`lines-${time.milliseconds}-${partition}`, [...lines].join('\n')),
   * })
   */
  saveTo<Transaction, Handle>(sink: TwoPhaseSink<T, Transaction, Handle>, options?: { readonly onFailure?: OnFailure }): void
  saveTo(sink: IdempotentSink<T>, options?: { readonly onFailure?: OnFailure }): void
  saveTo(sink: object, { onFailure = 'stop' }: { readonly onFailure?: OnFailure } = {}): void {
    const site = callSite()
    const functions = taskFunctions(sink as Sink<never>, site)
    const output = this.graph.outputs.length
    const committer = 'commit' in sink ? sink as Committer : undefined
    this.#output('saveTo', site, (rdd, time) => writeTo(rdd, functions, { output, time, epoch: this.graph.epoch }, site), onFailure, { functions, ...(committer && { committer }) })
  }

  #output(op: string, site: CallSite, run: (rdd: RDD<T>, time: Time) => unknown, onFailure: OnFailure, sink: Pick<OutputOperation, 'functions' | 'committer'> = {}): void {
    this.graph.assertOpen(op, site)
    this.graph.addOutput({ op, site, node: this.node, run: run as OutputOperation['run'], onFailure, ...sink })
  }
}
