// The pool of slabs: all block memory of the process, with one limit.
//
// - Only this thread counts: a slab knows how many of its blocks are live and whether a writer holds a lease on it.
// - A slab is reused when no block in it is live, nobody leases it, and every task that was running when its last block went has ended
//   (such a task may still hold a handle). Reuse raises its generation, so that a stale handle is found out on decode.
// - Blocks of different lifetimes do not share a slab: a writer of kept partitions leases other slabs than a writer of shuffles.
// - Slabs larger than the ordinary one hold one block that needed them; they are given back to the system when it goes.
// - At the limit spare slabs are given back first; then RIV_BLOCK_MEMORY, before anything has changed.
// - With RIVULET_TEST_POISON=1 (tests) freed slabs are filled with 0xDB.

import { assert, present } from '../../base/assert.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { allocateSlab, SlabView, slabHeaderBytes, slabSize } from '../../wire/slab/slab-view.ts'
import type { NewSlab } from '../../wire/slab/slab-writer.ts'
import type { Lease } from '../../wire/messages.ts'
import { engineErrors } from '../errors.ts'

/** A lease with less room than this is given back, and a slab with less is not leased again. */
const minRoom = 256 << 10
/** Freed slabs beyond this many are given back to the system. */
const spareSlabs = 16

interface Slab {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly view: SlabView
  /** Whether its blocks stay longer than a job. */
  kept: boolean
  live: number
  leased: boolean
  /** Where the free part begins. */
  used: number
}

export interface SlabPoolOptions {
  readonly maxBytes: number
  /** The last task that was started, and the oldest that still runs (Infinity if none): decides when a freed slab may be reused. */
  readonly tasks: { readonly lastStarted: number; readonly oldestRunning: number }
  /** Told of a slab that is gone for good. */
  readonly onDrop?: (slab: number) => void
}

export class SlabPool {
  readonly #options: SlabPoolOptions
  readonly #slabs = new Map<number, Slab>()
  readonly #free: Slab[] = []
  /** Slabs that had room when their lease ended. */
  readonly #partial: Slab[] = []
  /** Slabs without live blocks that a running task may still read: reusable when tasks up to `until` have ended. */
  readonly #limbo: { readonly slab: Slab; readonly until: number }[] = []
  readonly #poison = process.env['RIVULET_TEST_POISON'] === '1'
  #bytes = 0
  #lastId = 0
  #closed = false

  constructor(options: SlabPoolOptions) {
    this.#options = options
  }

  /** Bytes of all slabs, used or spare. */
  get bytes(): number {
    return this.#bytes
  }

  /** Blocks that are live, in all slabs; zero when nothing leaks. */
  get liveBlocks(): number {
    let live = 0
    for (const slab of this.#slabs.values()) live += slab.live
    return live
  }

  /** A range to write into, for blocks that stay (`kept`) or not; `held` is the one of the same kind held so far, kept while it has room. */
  lease(held: Lease | undefined, kept: boolean): Lease {
    if (held !== undefined) {
      const slab = present(this.#slabs.get(held.slab), 'a leased slab')
      if (hasRoom(slab)) return { ...held, offset: slab.used }
      this.endLease(held)
    }
    const slab = this.#takePartial(kept) ?? this.#reusable() ?? this.#newSlab()
    slab.leased = true
    slab.kept = kept
    return { slab: slab.id, generation: slab.view.generation(), offset: slab.used }
  }

  /** A writer has written up to `offset`. */
  wrote(lease: Lease, offset: number): void {
    const slab = present(this.#slabs.get(lease.slab), 'a leased slab')
    assert(offset >= slab.used, 'a lease only grows')
    slab.used = offset
  }

  endLease({ slab: id }: Pick<Lease, 'slab'>): void {
    const slab = present(this.#slabs.get(id), 'a leased slab')
    slab.leased = false
    if (slab.live === 0) this.#retire(slab)
    else if (hasRoom(slab)) this.#partial.push(slab)
  }

  /** Takes over the slabs that a task made, all or none; returns their ids by the temporary ones. Until their leases are ended they count as leased. */
  adopt(made: readonly NewSlab[]): Map<number, number> {
    this.#makeRoom(made.reduce((sum, { memory }) => sum + memory.byteLength, 0))
    return new Map(made.map(({ temporary, memory, used, kept = false }) => {
      const slab = this.#add(memory, used)
      slab.leased = true
      slab.kept = kept
      return [temporary, slab.id]
    }))
  }

  retain(ref: BlockRef): void {
    const slab = present(this.#slabs.get(ref.slab), 'the slab of a block')
    assert(slab.view.generation() === ref.generation, 'a retained block is current')
    slab.live++
  }

  release(ref: BlockRef): void {
    if (this.#closed) return // what is dropped later has nothing to give back
    const slab = present(this.#slabs.get(ref.slab), 'the slab of a block')
    assert(slab.live > 0 && slab.view.generation() === ref.generation, 'a block is released once')
    if (--slab.live === 0 && !slab.leased) this.#retire(slab)
  }

  /** The memory of a slab, to send to a thread that does not know it. */
  memory(id: number): SharedArrayBuffer {
    return present(this.#slabs.get(id), 'a slab').memory
  }

  view(id: number): SlabView {
    return present(this.#slabs.get(id), 'a slab').view
  }

  /** Forgets everything; for a closing engine. */
  close(): void {
    this.#closed = true
    this.#slabs.clear()
    this.#free.length = this.#partial.length = this.#limbo.length = this.#bytes = 0
  }

  #add(memory: SharedArrayBuffer, used: number): Slab {
    const id = ++this.#lastId
    const slab: Slab = { id, memory, view: new SlabView(id, memory), kept: false, live: 0, leased: false, used }
    this.#slabs.set(id, slab)
    this.#bytes += memory.byteLength
    return slab
  }

  #newSlab(): Slab {
    this.#makeRoom(slabSize)
    return this.#add(allocateSlab(0), slabHeaderBytes)
  }

  /** Gives spare slabs back until `bytes` more are within the limit. */
  #makeRoom(bytes: number): void {
    const { maxBytes } = this.#options
    if (this.#bytes + bytes <= maxBytes) return
    this.#endLimbo()
    const over = Math.ceil((this.#bytes + bytes - maxBytes) / slabSize)
    if (over > this.#free.length) throw engineErrors.RIV_BLOCK_MEMORY(bytes, maxBytes)
    if (over > 0) this.#free.splice(-over).forEach(spare => this.#drop(spare))
  }

  #takePartial(kept: boolean): Slab | undefined {
    const index = this.#partial.findLastIndex(slab => slab.kept === kept)
    return index === -1 ? undefined : this.#partial.splice(index, 1)[0]
  }

  /** No block of the slab is live and nobody writes into it. */
  #retire(slab: Slab): void {
    const index = this.#partial.indexOf(slab)
    if (index !== -1) this.#partial.splice(index, 1)
    const { lastStarted, oldestRunning } = this.#options.tasks
    if (oldestRunning > lastStarted) this.#recycle(slab)
    else this.#limbo.push({ slab, until: lastStarted })
  }

  /** Recycles the slabs that no task can read any more. */
  #endLimbo(): void {
    const { oldestRunning } = this.#options.tasks
    while (this.#limbo.length > 0 && this.#limbo[0]!.until < oldestRunning) this.#recycle(this.#limbo.shift()!.slab)
  }

  #recycle(slab: Slab): void {
    if (this.#poison) slab.view.bytes.fill(0xdb, slabHeaderBytes)
    slab.view.nextGeneration()
    if (slab.memory.byteLength !== slabSize || this.#free.length >= spareSlabs) return this.#drop(slab)
    slab.used = slabHeaderBytes
    this.#free.push(slab)
  }

  #drop(slab: Slab): void {
    this.#slabs.delete(slab.id)
    this.#bytes -= slab.memory.byteLength
    this.#options.onDrop?.(slab.id)
  }

  #reusable(): Slab | undefined {
    this.#endLimbo()
    return this.#free.pop()
  }
}

const hasRoom = (slab: Slab): boolean => slab.memory.byteLength - slab.used >= minRoom
