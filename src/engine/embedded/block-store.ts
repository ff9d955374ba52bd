// The driver's side of block memory: writes input blocks, reads results, opens tasks that run in this thread, takes over what tasks wrote.

import { present } from '../../base/assert.ts'
import { classTable } from '../../kernel/class-table.ts'
import type { TaskOutput } from '../../kernel/compile-runtime.ts'
import type { DecodedCache } from '../../kernel/decoded-cache.ts'
import { inBlocks } from '../../kernel/outputs.ts'
import { SlabTaskIO } from '../../kernel/slab-task-io.ts'
import type { TaskMemoryOptions } from '../../kernel/spill/task-memory.ts'
import type { StoredBlock } from '../../rdd/job-runner.ts'
import { decodeBlock } from '../../wire/block/decode.ts'
import { encodeBlock } from '../../wire/block/encode.ts'
import type { Lease, Leases } from '../../wire/messages.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { SlabView } from '../../wire/slab/slab-view.ts'
import { SlabWriter } from '../../wire/slab/slab-writer.ts'
import type { NewSlab } from '../../wire/slab/slab-writer.ts'
import { SlabPool, type SlabPoolOptions } from './slab-pool.ts'

/** A task that runs in this thread. */
export interface OpenTask {
  readonly io: SlabTaskIO
  /** Takes the output over; its blocks are live. */
  finish(output: TaskOutput): TaskOutput
  /** Gives up what was written. */
  abandon(): void
}

/** What a task keeps, and what to do where it finds no room. */
export interface Keep {
  /** The plan nodes whose partitions it keeps. */
  readonly plans: ReadonlySet<number>
  /** Puts a partition's blocks elsewhere, or gives up keeping it. */
  readonly refused: (slot: number, blocks: readonly BlockRef[], read: (ref: BlockRef) => Uint8Array) => readonly BlockRef[] | undefined
}

/** What a task in this thread begins with. */
export interface TaskOpening {
  readonly partition: number
  readonly keep: Keep | undefined
  readonly shuffleFile: string | undefined
  readonly memory: TaskMemoryOptions
  readonly isCancelled: () => boolean
  readonly decoded: DecodedCache
}

const sizeOf = (slabs: readonly NewSlab[]): number => slabs.reduce((sum, { memory }) => sum + memory.byteLength, 0)

export class BlockStore {
  readonly pool: SlabPool
  readonly #running = new Map<number, ReadonlySet<number>>()
  #waiting: { readonly tasks: Set<number>; readonly action: () => void }[] = []
  #inputLease: Lease | undefined
  #taskLeases: Leases | undefined

  constructor(options: SlabPoolOptions) {
    this.pool = new SlabPool(options)
  }

  /** A task begins; until it ends the slabs that it may read stay as they are. */
  taskStarted(id: number, slabs: ReadonlySet<number>): void {
    this.#running.set(id, slabs)
    this.pool.beginRead(slabs)
  }

  taskEnded(id: number): void {
    const slabs = this.#running.get(id)
    if (slabs === undefined) return // it never began
    this.#running.delete(id)
    this.pool.endRead(slabs)
    this.#waiting = this.#waiting.filter(({ tasks, action }) => {
      tasks.delete(id)
      if (tasks.size === 0) action()
      return tasks.size > 0
    })
  }

  /** Calls back when every task that runs now has ended. */
  afterTasks(action: () => void): void {
    if (this.#running.size === 0) action()
    else this.#waiting.push({ tasks: new Set(this.#running.keys()), action })
  }

  /** Copies text into a block. */
  storeText(bytes: Uint8Array, count = 0): StoredBlock {
    return this.#stored(writer => {
      writer.reserve(bytes.length).set(bytes)
      return [writer.commit(bytes.length, count)]
    })[0]!
  }

  /** Encodes records into one block. */
  storeRecords(records: readonly unknown[]): StoredBlock {
    return this.#stored(writer => [encodeBlock(records, 0, records.length, writer, { classes: classTable })])[0]!
  }

  /** Encodes records into blocks of bounded size, live until released. */
  encode(records: readonly unknown[]): BlockRef[] {
    return this.#stored(writer => inBlocks(records, (from, to) => encodeBlock(records, from, to, writer, { classes: classTable }))).map(({ ref }) => ref)
  }

  /** The records of several blocks, as fresh values. */
  decodeAll(blocks: readonly BlockRef[]): unknown[] {
    const parts = blocks.map(ref => decodeBlock(this.pool.view(ref.slab).read(ref), { classes: classTable }))
    return parts.length === 1 ? parts[0]! : parts.flat(1)
  }

  /** Makes the blocks of a task's output live, after adopting the slabs it made. Partitions that are to be kept, and find no room, are dealt with by `keep`. */
  takeOutput(output: TaskOutput, newSlabs: readonly NewSlab[], keep?: Keep): TaskOutput {
    const ids = this.pool.adopt(newSlabs.filter(slab => slab.kept !== true))
    const kept = newSlabs.filter(slab => slab.kept === true)
    if (output.kept !== undefined || (keep !== undefined && kept.length > 0 && this.pool.makeRoom(sizeOf(kept), keep.plans))) for (const [temporary, id] of this.pool.adopt(kept)) ids.set(temporary, id)
    const take = (blocks: readonly BlockRef[]): BlockRef[] => blocks.map(ref => {
      if (ref.file !== undefined) return ref
      const real = ref.slab < 0 ? { ...ref, slab: present(ids.get(ref.slab), 'a slab that the task made') } : ref
      this.pool.retain(real)
      return real
    })
    const stored = output.stored.flatMap(({ slot, blocks }) => {
      if (blocks.every(ref => ref.slab >= 0 || ids.has(ref.slab))) return { slot, blocks: take(blocks) }
      const elsewhere = keep?.refused(slot, blocks, ref => this.#readNew(ref, newSlabs))
      return elsewhere === undefined ? [] : { slot, blocks: elsewhere }
    })
    const taken: TaskOutput = {
      count: output.count,
      blocks: take(output.blocks),
      stored,
      ...(output.shuffle && { shuffle: output.shuffle.map(take) }),
      ...(output.kept && { kept: { lists: output.kept.lists.map(take), info: output.kept.info } }),
      ...(output.updates && { updates: take(output.updates) }),
    }
    for (const slab of ids.values()) this.pool.endLease({ slab })
    return taken
  }

  /** Opens a task in this thread. */
  openTask({ partition, keep, shuffleFile, memory, isCancelled, decoded }: TaskOpening): OpenTask {
    const leases = (this.#taskLeases = this.lease(this.#taskLeases, keep))
    const io = new SlabTaskIO({ partition, view: id => this.pool.view(id), leases, memory, isCancelled, shuffleFile, decoded })
    const close = (): readonly NewSlab[] => {
      const { outputOffset, keptOffset, newSlabs } = io.finish()
      this.pool.wrote(leases.output, outputOffset)
      if (leases.kept && keptOffset !== undefined) this.pool.wrote(leases.kept, keptOffset)
      return newSlabs
    }
    return { io, finish: output => this.takeOutput(output, close(), keep), abandon: () => { close() } }
  }

  /** Where a task writes, after those that the thread held so far. */
  lease(held: Leases | undefined, keep: Keep | undefined): Leases {
    const output = this.pool.lease(held?.output, false)
    const kept = keep === undefined ? held?.kept && this.pool.current(held.kept) : this.pool.keptLease(held?.kept, keep.plans)
    return { output, ...(kept && { kept }) }
  }

  close(): void {
    this.pool.close()
  }

  /** The bytes of a block that a task wrote, perhaps into a slab that was not adopted. */
  #readNew(ref: BlockRef, newSlabs: readonly NewSlab[]): Uint8Array {
    const made = newSlabs.find(({ temporary }) => temporary === ref.slab)
    return made === undefined ? this.pool.view(ref.slab).read(ref) : new SlabView(ref.slab, made.memory).read(ref)
  }

  /** Writes blocks outside a task. */
  #stored(write: (writer: SlabWriter) => BlockRef[]): StoredBlock[] {
    const lease = (this.#inputLease = this.pool.lease(this.#inputLease, false))
    let made = 0
    const writer = new SlabWriter({ view: this.pool.view(lease.slab), offset: lease.offset }, () => --made)
    const blocks = write(writer)
    const { offset, newSlabs } = writer.finish()
    this.pool.wrote(lease, offset)
    if (newSlabs.length > 0) { // what it wants no longer fits: it goes on in the newest slab, or every block would have one of its own
      this.pool.endLease(lease)
      this.#inputLease = undefined
    }
    const { blocks: taken } = this.takeOutput({ count: 0, blocks, stored: [] }, newSlabs)
    return taken.map(ref => ({ ref, release: () => this.pool.release(ref) }))
  }
}
