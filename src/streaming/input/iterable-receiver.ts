// The receiver of fromAsyncIterable: pulls from an iterable and stores what it gives.
//
// - It pulls no further while too much waits for its batch.
// - An iterable that always has something ready does not starve the batch clock: the event loop gets a turn every few milliseconds.
// - The end of the iterable ends the receiver; an error starts it again with a new iterable, after the restart delay.

import { setImmediate as turn } from 'node:timers/promises'
import { streamingErrors } from '../errors.ts'
import type { MakeReceiver } from './receiver-input.ts'
import type { ReceiverSupervisor, Startable } from './receiver-supervisor.ts'
import { RecordCutter } from './record-cutter.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

/** Makes the iterable; the signal aborts when the stream stops. */
export type MakeIterable = (signal: AbortSignal) => AsyncIterable<unknown> | Iterable<unknown>

const turnMs = 5
const recordsPerLook = 64

export const iterableReceiver = (make: MakeIterable): MakeReceiver => (options, supervisor) => {
  const cutter = new RecordCutter(options)
  return { receiver: new IterableReceiver(make, cutter, options.blocks, supervisor), cutter }
}

class IterableReceiver implements Startable {
  readonly #make: MakeIterable
  readonly #cutter: RecordCutter
  readonly #blocks: ReceivedBlocks
  readonly #supervisor: () => ReceiverSupervisor
  #stop = new AbortController()

  constructor(make: MakeIterable, cutter: RecordCutter, blocks: ReceivedBlocks, supervisor: () => ReceiverSupervisor) {
    this.#make = make
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
    try {
      await this.#pull(signal)
      if (!signal.aborted) await this.#supervisor().stop()
    } catch (error) {
      if (!signal.aborted) this.#supervisor().restart(streamingErrors.RIV_RECEIVER.withCause(error, 'the iterable', `threw ${String(error)}`).message, error)
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
