// The driver's side of block memory: writes input blocks, reads results, opens tasks that run in this thread, takes over what tasks wrote.

import { present } from '../../base/assert.ts'
import { classTable } from '../../kernel/class-table.ts'
import type { TaskOutput } from '../../kernel/compile-runtime.ts'
import { inBlocks } from '../../kernel/outputs.ts'
import { SlabTaskIO } from '../../kernel/slab-task-io.ts'
import type { TaskMemoryOptions } from '../../kernel/spill/task-memory.ts'
import type { StoredBlock } from '../../rdd/job-runner.ts'
import { decodeBlock } from '../../wire/block/decode.ts'
import { encodeBlock } from '../../wire/block/encode.ts'
import type { Lease, Leases } from '../../wire/messages.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { SlabWriter } from '../../wire/slab/slab-writer.ts'
import type { NewSlab } from '../../wire/slab/slab-writer.ts'
import { SlabPool } from './slab-pool.ts'

/** A task that runs in this thread. */
export interface OpenTask {
  readonly io: SlabTaskIO
  /** Takes the output over; its blocks are live. */
  finish(output: TaskOutput): TaskOutput
  /** Gives up what was written. */
  abandon(): void
}

export class BlockStore {
  readonly pool: SlabPool
  readonly #running = new Set<number>()
  #lastStarted = 0
  #inputLease: Lease | undefined
  #taskLeases: Leases | undefined

  constructor(maxBytes: number, onDrop?: (slab: number) => void) {
    const running = this.#running
    const lastStarted = (): number => this.#lastStarted
    this.pool = new SlabPool({
      maxBytes,
      tasks: {
        get lastStarted() { return lastStarted() },
        get oldestRunning() { return running.values().next().value ?? Infinity }, // ids increase, and a Set keeps their order
      },
      ...(onDrop && { onDrop }),
    })
  }

  taskStarted(id: number): void {
    this.#lastStarted = id
    this.#running.add(id)
  }

  taskEnded(id: number): void {
    this.#running.delete(id)
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

  /** Makes the blocks of a task's output live, after adopting the slabs it made. */
  takeOutput(output: TaskOutput, newSlabs: readonly NewSlab[]): TaskOutput {
    const ids = this.pool.adopt(newSlabs)
    const take = (blocks: readonly BlockRef[]): BlockRef[] => blocks.map(ref => {
      const real = ref.slab < 0 ? { ...ref, slab: present(ids.get(ref.slab), 'a slab that the task made') } : ref
      this.pool.retain(real)
      return real
    })
    const taken: TaskOutput = {
      count: output.count,
      blocks: take(output.blocks),
      stored: output.stored.map(({ slot, blocks }) => ({ slot, blocks: take(blocks) })),
      ...(output.shuffle && { shuffle: output.shuffle.map(take) }),
      ...(output.kept && { kept: { lists: output.kept.lists.map(take), info: output.kept.info } }),
      ...(output.updates && { updates: take(output.updates) }),
    }
    for (const slab of ids.values()) this.pool.endLease({ slab })
    return taken
  }

  /** Opens a task in this thread. */
  openTask(partition: number, keeps: boolean, memory: TaskMemoryOptions, isCancelled: () => boolean): OpenTask {
    const held = this.#taskLeases
    const leases: Leases = { output: this.pool.lease(held?.output, false), ...((keeps || held?.kept) && { kept: this.pool.lease(held?.kept, true) }) }
    this.#taskLeases = leases
    const io = new SlabTaskIO({ partition, view: id => this.pool.view(id), leases, memory, isCancelled })
    const close = (): readonly NewSlab[] => {
      const { outputOffset, keptOffset, newSlabs } = io.finish()
      this.pool.wrote(leases.output, outputOffset)
      if (leases.kept && keptOffset !== undefined) this.pool.wrote(leases.kept, keptOffset)
      return newSlabs
    }
    return { io, finish: output => this.takeOutput(output, close()), abandon: () => { close() } }
  }

  close(): void {
    this.pool.close()
  }

  /** Writes blocks outside a task. */
  #stored(write: (writer: SlabWriter) => BlockRef[]): StoredBlock[] {
    const lease = (this.#inputLease = this.pool.lease(this.#inputLease, false))
    let made = 0
    const writer = new SlabWriter({ view: this.pool.view(lease.slab), offset: lease.offset }, () => --made)
    const blocks = write(writer)
    const { offset, newSlabs } = writer.finish()
    this.pool.wrote(lease, offset)
    const { blocks: taken } = this.takeOutput({ count: 0, blocks, stored: [] }, newSlabs)
    return taken.map(ref => ({ ref, release: () => this.pool.release(ref) }))
  }
}
