// The receiver of fromAsyncIterable and of socketStream: pulls from an iterable and stores what it gives.
//
// - It pulls no further while too much waits for its batch.
// - An iterable that always has something ready does not starve the batch clock: the event loop gets a turn every few milliseconds.
// - The end of the iterable ends the receiver, or starts it again where it means that a connection has ended; an error starts it again with a new iterable, after the restart delay.

import { setImmediate as turn } from 'node:timers/promises'
import { isRivuletError } from '../../base/define-errors.ts'
import { streamingErrors } from '../errors.ts'
import type { MakeReceiver } from './receiver-input.ts'
import type { ReceiverSupervisor, Startable } from './receiver-supervisor.ts'
import type { RecordCutter } from './record-cutter.ts'
import { recordCutter } from './record-receiver.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

/** Makes the iterable; the signal aborts when the stream stops. */
export type MakeIterable = (signal: AbortSignal) => AsyncIterable<unknown> | Iterable<unknown>

const turnMs = 5
const recordsPerLook = 64

export interface IterableOptions {
  /** What it is, for messages. */
  readonly what: string
  /** The error that the end of the iterable is; without it the end is the end. */
  readonly ended?: () => Error
}

export const iterableReceiver = (make: MakeIterable, options: IterableOptions = { what: 'the iterable' }): MakeReceiver => (cutting, supervisor) => {
  const cutter = recordCutter(cutting, supervisor)
  return { receiver: new IterableReceiver(make, options, cutter, cutting.blocks, supervisor), cutter }
}

class IterableReceiver implements Startable {
  readonly #make: MakeIterable
  readonly #options: IterableOptions
  readonly #cutter: RecordCutter
  readonly #blocks: ReceivedBlocks
  readonly #supervisor: () => ReceiverSupervisor
  #stop = new AbortController()

  constructor(make: MakeIterable, options: IterableOptions, cutter: RecordCutter, blocks: ReceivedBlocks, supervisor: () => ReceiverSupervisor) {
    this.#make = make
    this.#options = options
    this.#cutter = cutter
    this.#blocks = blocks
    this.#supervisor = supervisor
  }

  onStart(): void {
    this.#stop = new AbortController()
    void this.#run(this.#stop.signal)
  }

  onStop(): void {
    this.#stop.abort(new Error('the stream was stopped'))
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { what, ended } = this.#options
    try {
      await this.#pull(signal)
      if (signal.aborted) return
      if (ended === undefined) return await this.#supervisor().stop()
      const end = ended()
      this.#supervisor().restart(end.message, end)
    } catch (error) {
      const told = isRivuletError(error) ? error : streamingErrors.RIV_RECEIVER.withCause(error, what, `threw ${String(error)}`)
      if (!signal.aborted) this.#supervisor().restart(told.message, error)
    }
  }

  async #pull(signal: AbortSignal): Promise<void> {
    const iterable = this.#make(signal)
    const iterator = Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]()
    // A generator that waits for something that never comes is left alone: return() would wait with it.
    signal.addEventListener('abort', () => { Promise.resolve(iterator.return?.()).catch(() => {}) }, { once: true })
    let turned = performance.now()
    for (let n = 1; ; n++) {
      const next = await iterator.next()
      if (next.done === true || signal.aborted) return
      this.#cutter.add(next.value)
      if (this.#blocks.isFull) await this.#blocks.room
      if (n % recordsPerLook === 0 && performance.now() - turned > turnMs) {
        await turn()
        turned = performance.now()
      }
    }
  }
}
