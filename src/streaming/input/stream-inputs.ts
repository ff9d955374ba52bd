// The rung of inputs of a StreamingContext: everything that makes a stream out of something outside.

import { callSite, type CallSite } from '../../base/call-site.ts'
import type { Context } from '../../context/context.ts'
import { builtin, pipeline, source as rddSource, userFunction } from '../../rdd/nodes.ts'
import type { Plan, PlanFunction } from '../../rdd/plan.ts'
import type { RDD } from '../../rdd/rdd.ts'
import { fixedRecordsOf } from '../../rdd/sources/record-files.ts'
import { splitFile } from '../../rdd/sources/text-file.ts'
import type { StorageLevel } from '../../rdd/storage-level.ts'
import type { Hint } from '../../rdd/types.ts'
import { DStream } from '../dstream.ts'
import { streamingErrors } from '../errors.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { InputNode } from '../graph/input-node.ts'
import { FileSource, type FileStreamOptions, type TakenFile } from './file-source.ts'
import { iterableReceiver } from './iterable-receiver.ts'
import { QueueInput } from './queue-input.ts'
import { ReceiverInput, type MakeReceiver } from './receiver-input.ts'
import type { Receiver } from './receiver.ts'
import { recordReceiver } from './record-receiver.ts'
import type { OffsetSource, ReplayableSource } from './replayable-source.ts'
import { convertedSocketReceiver, rawSocketReceiver, socketReceiver } from './socket-receiver.ts'
import { SourceInput } from './source-input.ts'
import { streamingSettings } from '../settings.ts'

export abstract class StreamInputs {
  /** The Context that the streams' jobs run on. */
  readonly sparkContext: Context
  /** The graph of streams. Not for programs. */
  readonly graph: DStreamGraph

  constructor(context: Context, graph: DStreamGraph) {
    this.sparkContext = context
    this.graph = graph
  }

  /**
   * Lines from a TCP server: UTF-8, ended by `\n` (a `\r` before it is dropped), up to 16 MiB each.
   *
   * A connection that is closed or refused is tried again after `spark.streaming.receiverRestartDelay` (2 s); listeners are told. Bytes that are
   * no UTF-8 become U+FFFD. Semantics: `StreamingContext.socketTextStream`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.socketTextStream('localhost', 9999).count().print()
   */
  socketTextStream(host: string, port: number, _level?: StorageLevel): DStream<string> {
    return this.#receiver('socketTextStream', callSite(), `${host}:${port}`, 'lines', socketReceiver(host, port))
  }

  /**
   * The records that a converter makes of the bytes from a TCP server: any format. It runs in the program, once a connection.
   *
   * When the server closes the connection the converter's loop ends; when its iterable ends, the receiver connects again after
   * `spark.streaming.receiverRestartDelay`. Bytes are read as records are taken: while too much waits, the sender is held back.
   * Semantics: `StreamingContext.socketStream`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const chunkSizes = ssc.socketStream('localhost', 9999, async function* (chunks) {
   *   for await (const chunk of chunks) yield chunk.length
   * })
   * chunkSizes.reduce((a, b) => a + b).print()
   */
  socketStream<T>(host: string, port: number, converter: (chunks: AsyncIterable<Uint8Array>) => Iterable<T | Hint> | AsyncIterable<T | Hint>, _level?: StorageLevel): DStream<T> {
    return this.#receiver('socketStream', callSite(), `${host}:${port}`, 'blocks', convertedSocketReceiver(host, port, converter))
  }

  /**
   * Records from a TCP server that sends them encoded: frames as `encodeFrame` makes them, one after the other. Each becomes a block as it is; the
   * program looks at no record.
   *
   * What is no frame ends the connection with a receiver error; the receiver connects again. Semantics: `StreamingContext.rawSocketStream`.
   *
   * @example
   * import { Context, encodeFrame, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.rawSocketStream<{ sensor: number }>('localhost', 9999).map(reading => reading.sensor).print()
   * // the other side: socket.write(encodeFrame([{ sensor: 7 }, { sensor: 8 }]))
   */
  rawSocketStream<T>(host: string, port: number, _level?: StorageLevel): DStream<T> {
    return this.#receiver('rawSocketStream', callSite(), `${host}:${port}`, 'blocks', rawSocketReceiver(host, port))
  }

  /**
   * The lines of the files that appear in a folder: each file belongs to one batch, whole.
   *
   * Taken are files whose modification time is later than the start (with `newFilesOnly: false` also those of the last
   * `spark.streaming.fileStream.minRememberDuration`, 60 s), not later than the batch's time, and not longer ago than that duration. The folder may
   * be a glob and need not exist yet. Left alone: sub-folders, names that begin with `.` or `_`, names that end in `._COPYING_`, and what `filter`
   * refuses. Write a file under such a name, or elsewhere on the same disk, and rename it when it is whole. A file that vanishes before it is read
   * fails its batch. Semantics: `StreamingContext.textFileStream`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.textFileStream('incoming/*').count().print()
   */
  textFileStream(directory: string, options: FileStreamOptions = {}): DStream<string> {
    const [op, site] = ['textFileStream', callSite()]
    const lines = (files: readonly TakenFile[]): Plan => rddSource(op, site, files.flatMap(({ path, bytes }) => splitFile(path, bytes)).map(file => ({ kind: 'fileLines', file })))
    return this.#files(op, site, directory, options, [], lines)
  }

  /**
   * The files that appear in a folder, as pairs of path and content: `flatMap` reads any format. For which files see `textFileStream`.
   *
   * Semantics: `StreamingContext.fileStream`, with a function where Spark has an InputFormat.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const orders = ssc.fileStream('orders', { filter: path => path.endsWith('.json'), newFilesOnly: false })
   * orders.flatMap(([path, bytes]) => JSON.parse(new TextDecoder().decode(bytes)) as { id: number }[]).print()
   */
  fileStream(directory: string, options: FileStreamOptions = {}): DStream<[string, Uint8Array]> {
    return this.#wholeFiles('fileStream', callSite(), directory, options, builtin('wholeFiles', ['bytes']))
  }

  /**
   * The records of the files that appear in a folder: `recordLength` bytes each. For which files see `textFileStream`.
   *
   * A file whose size is no multiple of the length fails its batch: RIV_RECORD_LENGTH. Semantics: `StreamingContext.binaryRecordsStream`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const ticks = ssc.binaryRecordsStream('ticks', 12)
   * ticks.map(bytes => new DataView(bytes.buffer, bytes.byteOffset, 12).getFloat64(0)).print()
   */
  binaryRecordsStream(directory: string, recordLength: number): DStream<Uint8Array> {
    const site = callSite()
    if (!Number.isInteger(recordLength) || recordLength < 1) throw streamingErrors.RIV_RECORD_LENGTH_ARGUMENT(site.place, recordLength)
    return this.#files('binaryRecordsStream', site, directory, {}, [], files => fixedRecordsOf(files, recordLength, 'binaryRecordsStream', site))
  }

  /**
   * What the program puts into the queue: each element, an array of records or an RDD, is the input of one batch.
   *
   * The queue may be pushed to while the context runs. With `oneAtATime` false a batch takes all elements there are. An empty queue gives
   * `defaultRDD`, or an empty batch. Semantics: `StreamingContext.queueStream`.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const queue = [[1, 2, 3]]
   * ssc.queueStream(queue).reduce((a, b) => a + b).print()
   * queue.push([4, 5])
   */
  queueStream<T>(queue: (readonly (T | Hint)[] | RDD<T>)[], options: { readonly oneAtATime?: boolean; readonly defaultRDD?: RDD<T> } = {}): DStream<T> {
    const { oneAtATime = true, defaultRDD } = options
    const slices = this.sparkContext.defaultParallelism
    return this.#input(new QueueInput({ queue, oneAtATime, defaultRDD, slices, site: callSite(), slideMs: this.graph.batchMs }))
  }

  /**
   * What a Receiver stores.
   *
   * Semantics: `StreamingContext.receiverStream`.
   *
   * @example
   * import { Context, Receiver, seconds, StreamingContext } from 'rivulet'
   * class Greeting extends Receiver<string> {
   *   onStart() { this.store('hello') }
   *   onStop() {}
   * }
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.receiverStream(new Greeting()).print()
   */
  receiverStream<T>(receiver: Receiver<T>): DStream<T> {
    return this.#receiver('receiverStream', callSite(), '', 'blocks', recordReceiver(receiver as unknown as Receiver<never>))
  }

  /**
   * What an iterable gives: a generator, a Node stream, `EventEmitter.on`, anything that `for await` takes.
   *
   * It is made at start, with a signal that aborts at stop. When it ends the stream stays empty; when it throws, listeners are told and a new one is
   * made after `spark.streaming.receiverRestartDelay`. Spark has no such operation.
   *
   * @example
   * import { setInterval } from 'node:timers/promises'
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * ssc.fromAsyncIterable(signal => setInterval(100, 'tick', { signal })).count().print()
   */
  fromAsyncIterable<T>(make: (signal: AbortSignal) => AsyncIterable<T | Hint> | Iterable<T | Hint>, _options: { readonly level?: StorageLevel } = {}): DStream<T> {
    return this.#receiver('fromAsyncIterable', callSite(), '', 'blocks', iterableReceiver(make))
  }

  /**
   * What a source with offsets has: each batch covers the offsets from the last batch's end to the latest. See `ReplayableSource`.
   *
   * Spark's counterpart are direct streams, such as that of Kafka.
   *
   * @example
   * import { Context, seconds, StreamingContext } from 'rivulet'
   * const ssc = new StreamingContext(new Context(), seconds(1))
   * const numbers = ssc.sourceStream({
   *   initial: async () => 0,
   *   latest: async (from: number) => from + 10,
   *   split: (from, to) => [{ from, to }],
   *   * read({ from, to }: { from: number; to: number }) { for (let n = from; n < to; n++) yield n },
   * })
   * numbers.print()
   */
  sourceStream<Offset, Part, T>(source: ReplayableSource<Offset, Part, T>): DStream<T> {
    const [op, site] = ['sourceStream', callSite()]
    // oxlint-disable-next-line unbound-method -- tasks call it without the source object, as the contract says
    const read = userFunction(source.read, op, site)
    return this.#source(op, site, '', source, [read], parts => rddSource(op, site, parts.map(part => ({ kind: 'part', part, read }))))
  }

  #input<T>(input: InputNode): DStream<T> {
    const stream = new DStream<T>(this.graph, input)
    this.graph.addInput(input)
    return stream
  }

  #receiver<T>(op: string, site: CallSite, origin: string, kind: 'blocks' | 'lines', make: MakeReceiver): DStream<T> {
    return this.#input(new ReceiverInput(op, site, this.graph.batchMs, origin, kind, make))
  }

  #source<Offset, Part, T>(op: string, site: CallSite, origin: string, source: OffsetSource<Offset, Part>, functions: readonly PlanFunction[], read: (parts: readonly Part[]) => Plan): DStream<T> {
    return this.#input(new SourceInput({ op, site, slideMs: this.graph.batchMs, origin, source, functions, read }))
  }

  #wholeFiles<T>(op: string, site: CallSite, directory: string, options: FileStreamOptions, reader: PlanFunction): DStream<T> {
    const paths = (files: readonly TakenFile[]): Plan => rddSource(op, site, files.map(({ path }) => ({ kind: 'records', records: [path] })))
    return this.#files(op, site, directory, options, [reader], files => pipeline(paths(files), op, site, [{ op: 'mapPartitions', fn: reader }]))
  }

  #files<T>(op: string, site: CallSite, directory: string, options: FileStreamOptions, functions: readonly PlanFunction[], read: (files: readonly TakenFile[]) => Plan): DStream<T> {
    const { conf, fs, log } = this.sparkContext
    const { batchMs } = this.graph
    const rememberMs = Math.ceil(conf.get(streamingSettings['spark.streaming.fileStream.minRememberDuration']) / batchMs) * batchMs
    const files = new FileSource({ ...options, fs, directory, rememberMs, warn: message => log.warn({ stream: op }, message) })
    return this.#source(op, site, directory, files, functions, read)
  }
}
