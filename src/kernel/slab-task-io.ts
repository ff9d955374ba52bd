// TaskIO over slabs: how a task reads and writes blocks, in this thread or in a worker.

import { decodeBlock, decodePairs } from '../wire/block/decode.ts'
import { encodeBlock, encodePairs } from '../wire/block/encode.ts'
import { decodeLinePieces } from '../wire/block/lines.ts'
import { classTable } from './class-table.ts'
import type { Leases } from '../wire/messages.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { SlabView } from '../wire/slab/slab-view.ts'
import { SlabWriter } from '../wire/slab/slab-writer.ts'
import type { NewSlab } from '../wire/slab/slab-writer.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { localFileSystem } from '../storage/local-file-system.ts'
import { TaskCancelled } from './errors.ts'
import { TaskMemory } from './spill/task-memory.ts'
import type { TaskMemoryOptions } from './spill/task-memory.ts'
import { newMetrics, type TaskMetrics } from '../wire/task-metrics.ts'
import { countingFiles } from './counting-files.ts'
import type { TaskIO } from './task-io.ts'

export interface SlabTaskOptions {
  readonly partition: number
  /** The view of a slab that the task may read. */
  readonly view: (slab: number) => SlabView
  readonly leases: Leases
  readonly memory: TaskMemoryOptions
  readonly isCancelled: () => boolean
}

/** What a task did to block memory. */
export interface SlabUse {
  readonly outputOffset: number
  readonly keptOffset?: number
  readonly newSlabs: readonly NewSlab[]
}

export class SlabTaskIO implements TaskIO {
  readonly partition: number
  readonly metrics: TaskMetrics = newMetrics()
  readonly memory: TaskMemory
  readonly #options: SlabTaskOptions
  readonly #output: SlabWriter
  readonly #kept: SlabWriter | undefined
  #lastTemporary = 0
  #abort: AbortController | undefined
  #files: FileSystem | undefined

  constructor(options: SlabTaskOptions) {
    this.partition = options.partition
    this.#options = options
    this.memory = new TaskMemory(options.memory, bytes => { this.metrics.spilledBytes += bytes })
    const { output, kept } = options.leases
    const nextTemporary = (): number => --this.#lastTemporary
    this.#output = new SlabWriter({ view: options.view(output.slab), offset: output.offset }, nextTemporary)
    this.#kept = kept && new SlabWriter({ view: options.view(kept.slab), offset: kept.offset }, nextTemporary)
  }

  get fs(): FileSystem {
    return (this.#files ??= countingFiles(localFileSystem, this.metrics))
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#options.isCancelled()) this.#abort.abort(new TaskCancelled())
    return this.#abort.signal
  }

  /** Aborts the signal; the flag behind `isCancelled` is set by the caller. */
  cancel(): void {
    this.#abort?.abort(new TaskCancelled())
  }

  tick(): void {
    if (this.#options.isCancelled()) throw new TaskCancelled()
  }

  records(ref: BlockRef): unknown[] {
    return decodeBlock(this.#read(ref), { classes: classTable })
  }

  pairs(ref: BlockRef): { keys: unknown[]; values: unknown[] } {
    return decodePairs(this.#read(ref), { classes: classTable })
  }

  * lines(ref: BlockRef): Generator<string[]> {
    for (const { lines, invalidLines } of decodeLinePieces(this.#read(ref))) {
      this.metrics.invalidUtf8Lines += invalidLines
      yield lines
    }
  }

  writeRecords(records: readonly unknown[], from: number, to: number): BlockRef {
    return encodeBlock(records, from, to, this.#output, { classes: classTable })
  }

  keepRecords(records: readonly unknown[], from: number, to: number): BlockRef {
    return encodeBlock(records, from, to, this.#kept ?? this.#output, { classes: classTable })
  }

  writePairs(keys: readonly unknown[], values: readonly unknown[], from: number, to: number): BlockRef {
    return encodePairs(keys, values, from, to, this.#output, { classes: classTable })
  }

  /** Ends writing, and closes files. */
  finish(): SlabUse {
    this.memory.close()
    const output = this.#output.finish()
    const kept = this.#kept?.finish()
    return { outputOffset: output.offset, ...(kept && { keptOffset: kept.offset }), newSlabs: [...output.newSlabs, ...(kept?.newSlabs.map(slab => ({ ...slab, kept: true })) ?? [])] }
  }

  #read(ref: BlockRef): Buffer {
    const view = ref.slab < 0 ? this.#output.made(ref.slab) ?? this.#kept?.made(ref.slab) : this.#options.view(ref.slab)
    return view!.read(ref)
  }
}
