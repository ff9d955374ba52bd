// The blocks that a receiver has stored, from storing to the end of their batch.
//
//   add ──→ waiting ──take(t)──→ batch t ──release(t)──→ memory given back
//
// - Blocks are numbered: (stream, number) names a block for good. A batch takes all that wait, in order.
// - Bytes count until they are released; beyond the limit `isFull` says so, and `room` resolves when it is over.

import { isRivuletError } from '../../base/define-errors.ts'
import type { JournalBlock } from '../graph/input-node.ts'
import type { StoredBlock } from '../../rdd/job-runner.ts'

export interface Received { readonly number: number; readonly block: StoredBlock; readonly records: number; readonly metadata?: unknown }

export class ReceivedBlocks {
  readonly #maxBytes: number
  #lastNumber = -1
  #bytes = 0
  /** Block memory was full when last asked. */
  #refused = false
  #metadata: { readonly metadata: unknown } | undefined
  /** Something waits for the rate. */
  #held = false
  #waiting: Received[] = []
  readonly #taken = new Map<number, readonly Received[]>()
  #room: PromiseWithResolvers<void> | undefined
  #closed = false

  readonly #journal: JournalBlock
  /** Resolves when all that was stored is durable. */
  #durable: Promise<void> = Promise.resolve()

  constructor(maxBytes: number, journal: JournalBlock) {
    this.#maxBytes = maxBytes
    this.#journal = journal
  }

  /** Resolves when everything stored so far is durable. */
  get durable(): Promise<void> {
    return this.#durable
  }

  /** Takes over blocks of an earlier run; those of batches that run again first. */
  restore(batches: ReadonlyMap<number, unknown>, stored: readonly Received[], nextNumber: number): void {
    const byNumber = new Map(stored.map(received => [received.number, received]))
    this.#lastNumber = nextNumber - 1
    for (const { block } of stored) this.#bytes += block.ref.bytes
    for (const [timeMs, numbers] of batches) {
      this.#taken.set(timeMs, (numbers as number[]).flatMap(number => byNumber.get(number) ?? []))
      for (const number of numbers as number[]) byNumber.delete(number)
    }
    this.#waiting.push(...byNumber.values())
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Block memory was full when last asked: what is kept outside need not be offered again before the next batch. */
  get refused(): boolean {
    return this.#refused
  }

  get isFull(): boolean {
    return this.#refused || this.#held || this.#bytes >= this.#maxBytes
  }

  /** Resolves when there is room. */
  get room(): Promise<void> {
    if (!this.isFull) return Promise.resolve()
    return (this.#room ??= Promise.withResolvers()).promise
  }

  /** Says that there is no room, whatever the bytes, or no longer. */
  hold(held: boolean): void {
    this.#held = held
    this.#wake()
  }

  /** What the receiver says of the block that comes next. */
  note(metadata: unknown): void {
    this.#metadata = { metadata }
  }

  /** Stores a block. False when block memory is full: keep the data and try again; until then there is no room. Other failures throw. */
  store(make: () => StoredBlock, records: number): boolean {
    if (this.#closed) return true // a receiver that goes on after the end
    try {
      const block = make()
      this.#bytes += block.ref.bytes
      const number = ++this.#lastNumber
      this.#waiting.push({ number, block, records, ...this.#metadata })
      this.#metadata = undefined
      this.#durable = this.#journal(number, records, block.ref)
      this.#durable.catch(() => {}) // the journal tells the program; whoever awaits it hears it too
      this.#refused = false
    } catch (error) {
      if (!isRivuletError(error) || error.code !== 'RIV_BLOCK_MEMORY') throw error
      this.#refused = true
    }
    this.#wake()
    return !this.#refused
  }

  /** Gives everything that waits to a batch. */
  take(timeMs: number): readonly Received[] {
    const earlier = this.#taken.get(timeMs)
    if (earlier !== undefined) return earlier
    const taken = this.#waiting
    this.#waiting = []
    if (taken.length > 0) this.#taken.set(timeMs, taken)
    return taken
  }

  /** Gives back the memory of the batches up to a time. */
  release(upToMs: number): void {
    for (const [timeMs, received] of this.#taken) {
      if (timeMs > upToMs) continue
      this.#taken.delete(timeMs)
      this.#give(received)
    }
  }

  /** Gives back all memory, and takes nothing any more. */
  clear(): void {
    this.#closed = true
    this.release(Infinity)
    this.#give(this.#waiting.splice(0))
  }

  #give(received: readonly Received[]): void {
    for (const { block } of received) {
      this.#bytes -= block.ref.bytes
      block.release()
    }
    if (received.length > 0) this.#refused = false
    this.#wake()
  }

  #wake(): void {
    if (this.isFull) return
    this.#room?.resolve()
    this.#room = undefined
  }
}
