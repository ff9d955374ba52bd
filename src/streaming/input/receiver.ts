// Receiver: the base class of inputs that store records as they come.

import { StorageLevel } from '../../rdd/storage-level.ts'
import { streamingErrors } from '../errors.ts'

/** What runs a receiver and takes what it stores. */
export interface ReceiverHost {
  readonly streamId: number
  readonly isRunning: boolean
  store(record: unknown): void
  storeAll(records: Iterable<unknown> | AsyncIterable<unknown>, metadata: unknown): Promise<void>
  storeBytes(bytes: Uint8Array, metadata: unknown): Promise<void>
  reportError(message: string, error?: unknown): void
  restart(message: string, error?: unknown, delayMs?: number): void
  stop(message: string, error?: unknown): void
}

/**
 * Stores records as they come: a base class for inputs that are pushed.
 *
 * It runs in the driver's process. `onStart` begins receiving and returns (or its promise goes on); if it throws, that is reported and it is
 * called again after a delay. `onStop` ends what `onStart` began; its promise is awaited. What was stored before a tick belongs to that
 * tick's batch. Errors: RIV_RECEIVER_STATE before the start. Semantics: `org.apache.spark.streaming.receiver.Receiver`.
 *
 * @example
 * import { Context, Receiver, seconds, StreamingContext } from 'rivulet'
 * class Heartbeat extends Receiver<number> {
 *   timer?: NodeJS.Timeout
 *   onStart() { this.timer = setInterval(() => this.store(Date.now()), 100) }
 *   onStop() { clearInterval(this.timer) }
 * }
 * const ssc = new StreamingContext(new Context(), seconds(1))
 * ssc.receiverStream(new Heartbeat()).count().print()
 */
export abstract class Receiver<in out T = unknown> {
  /** Gives a receiver its host. Not for programs. */
  static attach: (receiver: Receiver<never>, host: ReceiverHost) => void
  static {
    Receiver.attach = (receiver, host) => { receiver.#host = host }
  }

  /** How its blocks are to be kept; accepted for programs that come from Spark, blocks are kept in shared memory until their batch is over. */
  readonly storageLevel: StorageLevel
  /** Where it would like to run. It runs in the program itself; the name is for programs that come from Spark. */
  readonly preferredLocation?: string
  #host: ReceiverHost | undefined

  constructor(storageLevel: StorageLevel = StorageLevel.MEMORY_AND_DISK_SER_2) {
    this.storageLevel = storageLevel
  }

  /**
   * Begins receiving. Must not block: it runs in the program, which a function that keeps it for more than 50 ms holds up.
   *
   * If it throws, or its promise rejects, that is reported and it is called again after a delay. Semantics: `Receiver.onStart`.
   *
   * @example
   * import { createReadStream } from 'node:fs'
   * import { createInterface } from 'node:readline'
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   async onStart() { await this.storeAll(createInterface(createReadStream('README.md'))) }
   *   onStop() {}
   * }
   */
  abstract onStart(): void | Promise<void>

  /**
   * Ends what `onStart` began; a promise is awaited.
   *
   * Semantics: `Receiver.onStop`.
   *
   * @example
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   #timer?: NodeJS.Timeout
   *   onStart() { this.#timer = setInterval(() => this.store('tick'), 1_000) }
   *   onStop() { clearInterval(this.#timer) }
   * }
   */
  abstract onStop(): void | Promise<void>

  /**
   * Stores one record, without waiting: of records beyond the rate the program holds as many as come.
   *
   * A record that cannot be encoded is left out and reported. With a checkpoint directory the record is journalled, but nobody is told when: what was
   * stored less than a moment before the program dies may be lost. Semantics: `Receiver.store`.
   *
   * @example
   * import { EventEmitter } from 'node:events'
   * import { Receiver } from 'rivulet'
   * const shop = new EventEmitter()
   * class Sales extends Receiver<number> {
   *   onStart() { shop.on('sale', (price: number) => this.store(price)) }
   *   onStop() { shop.removeAllListeners() }
   * }
   */
  store(record: T): void {
    this.#hostFor('store').store(record)
  }

  /**
   * Stores records as blocks of their own; resolves when they are stored and there is room for more: await it, and memory stays bounded.
   *
   * A source that can be asked again acknowledges after it (a reliable receiver); one that cannot only has `store`. The metadata (offsets, file
   * names) is told to listeners with the batch. An iterable that goes on for ever is pulled as there is room. With a checkpoint directory `stored`
   * means that they are in the journal, on the disk. Semantics: `Receiver.store`, of an iterator.
   *
   * @example
   * import { Receiver } from 'rivulet'
   * class Orders extends Receiver<{ id: number }> {
   *   onStart() { void this.#receive() }
   *   onStop() {}
   *   async #receive() {
   *     for (let page = 0; this.isStarted(); page++) {
   *       const orders = await (await fetch(`https://example.com/orders?page=${page}`)).json() as { id: number }[]
   *       await this.storeAll(orders, { page })   // now the page may be acknowledged
   *     }
   *   }
   * }
   */
  async storeAll(records: Iterable<T> | AsyncIterable<T>, metadata?: unknown): Promise<void> {
    await this.#hostFor('storeAll').storeAll(records, metadata)
  }

  /**
   * As `storeAll`, of records that are encoded already: one or more frames as `encodeFrame` gives them. Errors: RIV_FRAME.
   *
   * Semantics: `Receiver.store`, of a ByteBuffer; `Receiver.storeBytes`.
   *
   * @example
   * import { encodeFrame, Receiver } from 'rivulet'
   * const frame = encodeFrame([{ sensor: 7 }, { sensor: 8 }])   // what another process sends
   * class Sensors extends Receiver<{ sensor: number }> {
   *   async onStart() { await this.storeBytes(frame) }
   *   onStop() {}
   * }
   */
  async storeBytes(bytes: Uint8Array, metadata?: unknown): Promise<void> {
    await this.#hostFor('storeBytes').storeBytes(bytes, metadata)
  }

  /**
   * Tells listeners of an error; receiving goes on.
   *
   * Semantics: `Receiver.reportError`.
   *
   * @example
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   onStart() { this.reportError('one line could not be read', new Error('no number')) }
   *   onStop() {}
   * }
   */
  reportError(message: string, error?: unknown): void {
    this.#hostFor('reportError').reportError(message, error)
  }

  /**
   * Stops, and starts again after `delayMs` (by default `spark.streaming.receiverRestartDelay`). Listeners are told the reason.
   *
   * Semantics: `Receiver.restart`.
   *
   * @example
   * import { connect, type Socket } from 'node:net'
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   #socket?: Socket
   *   onStart() {
   *     this.#socket = connect(9999).on('error', error => this.restart('the connection failed', error))
   *     this.#socket.on('data', bytes => this.store(bytes.toString()))
   *   }
   *   onStop() { this.#socket?.destroy() }
   * }
   */
  restart(message: string, error?: unknown, delayMs?: number): void {
    this.#hostFor('restart').restart(message, error, delayMs)
  }

  /**
   * Stops for good; the stream goes on without new records.
   *
   * Semantics: `Receiver.stop`.
   *
   * @example
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   async onStart() {
   *     await this.storeAll(['all', 'there', 'is'])
   *     this.stop('there is no more')
   *   }
   *   onStop() {}
   * }
   */
  stop(message: string, error?: unknown): void {
    this.#hostFor('stop').stop(message, error)
  }

  /**
   * Whether it is receiving.
   *
   * Semantics: `Receiver.isStarted`.
   *
   * @example
   * import { setTimeout } from 'node:timers/promises'
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   async onStart() {
   *     while (this.isStarted()) await setTimeout(100, this.store('tick'))
   *   }
   *   onStop() {}
   * }
   */
  isStarted(): boolean {
    return !this.isStopped()
  }

  /**
   * Whether it is not receiving: stopped, or between two starts.
   *
   * Semantics: `Receiver.isStopped`.
   *
   * @example
   * import { Receiver } from 'rivulet'
   * class Feed extends Receiver<string> {
   *   onStart() {}
   *   onStop() {}
   * }
   * new Feed().isStopped()   // true
   */
  isStopped(): boolean {
    return this.#host?.isRunning !== true
  }

  /** The number of its stream. */
  get streamId(): number {
    return this.#hostFor('streamId').streamId
  }

  #hostFor(operation: string): ReceiverHost {
    if (this.#host === undefined) throw streamingErrors.RIV_RECEIVER_STATE(operation)
    return this.#host
  }
}
