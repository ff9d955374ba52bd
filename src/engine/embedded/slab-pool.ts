// The pool of slabs: all block memory of the process, with one limit.
//
// - Only this thread counts: a slab knows how many of its blocks are live and whether a writer holds a lease on it.
// - A slab is reused when no block in it is live, nobody leases it, and no running task may read it (such a task holds handles).
//   Reuse raises its generation, so that a stale handle is found out on decode.
// - Blocks of different lifetimes do not share a slab: a writer of kept partitions leases other slabs than a writer of shuffles.
// - Slabs larger than the ordinary one hold one block that needed them; they are given back to the system when it goes.
// - At the limit spare slabs are given back first, then the owner of the blocks gives some up; then RIV_BLOCK_MEMORY.
//   A slab whose blocks are gone and that running tasks may still read does not count: there is nothing more to give up in it.
// - With RIVULET_TEST_POISON=1 (tests) freed slabs are filled with 0xDB.

import { assert, present } from '../../base/assert.ts'
import { kernelErrors } from '../../kernel/errors.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { allocateSlab, SlabView, slabHeaderBytes, slabSize } from '../../wire/slab/slab-view.ts'
import type { NewSlab } from '../../wire/slab/slab-writer.ts'
import type { Lease } from '../../wire/messages.ts'

/** A lease with less room than this is given back, and a slab with less is not leased again. */
const minRoom = 256 << 10
/** Freed slabs beyond this many are given back to the system. */
const spareSlabs = 16
const nothing: ReadonlySet<number> = new Set()

interface Slab {
  readonly id: number
  readonly memory: SharedArrayBuffer
  readonly view: SlabView
  /** Whether its blocks stay longer than a job. */
  kept: boolean
  live: number
  leased: boolean
  /** Running tasks that may read it. */
  readers: number
  /** Nothing but running tasks keeps it. */
  waits: boolean
  /** Where the free part begins. */
  used: number
}

export interface SlabPoolOptions {
  readonly maxBytes: number
  /** Gives up blocks of which a slab may come free, those of `except` excepted; says whether it gave up any. */
  readonly giveUp?: (except: ReadonlySet<number>) => boolean
  /** Told of a slab that is gone for good. */
  readonly onDrop?: (slab: number) => void
}

export class SlabPool {
  readonly #options: SlabPoolOptions
  readonly #slabs = new Map<number, Slab>()
  readonly #free: Slab[] = []
  /** Slabs that had room when their lease ended. */
  readonly #partial: Slab[] = []
  readonly #poison = process.env['RIVULET_TEST_POISON'] === '1'
  #bytes = 0
  /** Of these, the bytes of slabs that only wait for running tasks. */
  #waiting = 0
  #lastId = 0
  #closed = false

  constructor(options: SlabPoolOptions) {
    this.#options = options
  }

  /** Bytes of all slabs, used or spare. */
  get maxBytes(): number {
    return this.#options.maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether little room is left without giving blocks up. */
  get isTight(): boolean {
    return this.#bytes - this.#waiting - this.#free.length * slabSize > 0.9 * this.#options.maxBytes
  }

  /** Blocks that are live, in all slabs; zero when nothing leaks. */
  get liveBlocks(): number {
    let live = 0
    for (const slab of this.#slabs.values()) live += slab.live
    return live
  }

  /** Whether no running task may read any of the slabs: giving up the blocks in them frees memory now. */
  isUnread(blocks: readonly BlockRef[]): boolean {
    return blocks.every(ref => present(this.#slabs.get(ref.slab), 'the slab of a block').readers === 0)
  }

  /** A task begins that may read these slabs. */
  beginRead(slabs: Iterable<number>): void {
    for (const id of slabs) present(this.#slabs.get(id), 'a slab that a task reads').readers++
  }

  endRead(slabs: Iterable<number>): void {
    if (this.#closed) return
    for (const id of slabs) {
      const slab = present(this.#slabs.get(id), 'a slab that a task read')
      slab.readers--
      this.#settle(slab)
    }
  }

  /** A range to write into, for blocks that stay (`kept`) or not; `held` is the one of the same kind held so far, kept while it has room. */
  lease(held: Lease | undefined, kept: boolean): Lease {
    if (held !== undefined && hasRoom(present(this.#slabs.get(held.slab), 'a leased slab'))) return this.current(held)
    const slab = this.#takePartial(kept) ?? this.#emptySlab()
    if (held !== undefined) this.endLease(held) // not before there is another: it is still held when that fails
    slab.leased = true
    slab.kept = kept
    return { slab: slab.id, generation: slab.view.generation(), offset: slab.used }
  }

  /** A lease as it is now. */
  current(held: Lease): Lease {
    return { ...held, offset: present(this.#slabs.get(held.slab), 'a leased slab').used }
  }

  /** As `lease`, for blocks that stay, where there is room without giving up those of `except`. */
  keptLease(held: Lease | undefined, except: ReadonlySet<number>): Lease | undefined {
    if (held !== undefined) {
      if (hasRoom(present(this.#slabs.get(held.slab), 'a leased slab'))) return this.current(held)
      this.endLease(held)
    }
    return this.#partial.some(slab => slab.kept) || this.#free.length > 0 || this.makeRoom(slabSize, except) ? this.lease(undefined, true) : undefined
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
    if (!this.#settle(slab) && hasRoom(slab)) this.#partial.push(slab)
  }

  /** Takes over the slabs that a task made, all or none; returns their ids by the temporary ones. Until their leases are ended they count as leased. */
  adopt(made: readonly NewSlab[]): Map<number, number> {
    const bytes = made.reduce((sum, { memory }) => sum + memory.byteLength, 0)
    if (!this.makeRoom(bytes)) throw kernelErrors.RIV_BLOCK_MEMORY(bytes, this.#options.maxBytes)
    return new Map(made.map(({ temporary, memory, used, kept = false }) => {
      const slab = this.#add(memory, used)
      slab.leased = true
      slab.kept = kept
      return [temporary, slab.id]
    }))
  }

  /** Gives spare slabs back, and has blocks given up, until `bytes` more are within the limit; says whether they are. */
  makeRoom(bytes: number, except: ReadonlySet<number> = nothing): boolean {
    const { maxBytes, giveUp } = this.#options
    for (;;) {
      const over = Math.ceil((this.#bytes - this.#waiting + bytes - maxBytes) / slabSize)
      if (over <= this.#free.length) {
        if (over > 0) this.#free.splice(-over).forEach(spare => this.#drop(spare))
        return true
      }
      if (giveUp?.(except) !== true) return false
    }
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
    slab.live--
    this.#settle(slab)
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
    this.#free.length = this.#partial.length = this.#bytes = this.#waiting = 0
  }

  #add(memory: SharedArrayBuffer, used: number): Slab {
    const id = ++this.#lastId
    const slab: Slab = { id, memory, view: new SlabView(id, memory), kept: false, live: 0, leased: false, readers: 0, waits: false, used }
    this.#slabs.set(id, slab)
    this.#bytes += memory.byteLength
    return slab
  }

  /** A slab without blocks. */
  #emptySlab(): Slab {
    const { maxBytes, giveUp } = this.#options
    for (;;) {
      const spare = this.#free.pop()
      if (spare !== undefined) return spare
      if (this.#bytes - this.#waiting + slabSize <= maxBytes) return this.#add(allocateSlab(0), slabHeaderBytes)
      if (giveUp?.(nothing) !== true) throw kernelErrors.RIV_BLOCK_MEMORY(slabSize, maxBytes)
    }
  }

  #takePartial(kept: boolean): Slab | undefined {
    const index = this.#partial.findLastIndex(slab => slab.kept === kept)
    return index === -1 ? undefined : this.#partial.splice(index, 1)[0]
  }

  /** Recycles the slab if nobody uses it any more; says whether it is done with, but for tasks that read it. */
  #settle(slab: Slab): boolean {
    if (slab.live > 0 || slab.leased) return false
    const index = this.#partial.indexOf(slab)
    if (index !== -1) this.#partial.splice(index, 1)
    if (slab.waits !== slab.readers > 0) {
      slab.waits = !slab.waits
      this.#waiting += slab.waits ? slab.memory.byteLength : -slab.memory.byteLength
    }
    if (!slab.waits) this.#recycle(slab)
    return true
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
}

const hasRoom = (slab: Slab): boolean => slab.memory.byteLength - slab.used >= minRoom
