// TaskIO over slabs: how a task reads and writes blocks, in this thread or in a worker.

import { blockReader, decodeBlock, decodePairs } from '../wire/block/decode.ts'
import { encodeBlock, encodeTuples } from '../wire/block/encode.ts'
import type { BlockTarget } from '../wire/block/encode.ts'
import { decodeLinePieces } from '../wire/block/lines.ts'
import { classTable } from './class-table.ts'
import type { Leases } from '../wire/messages.ts'
import type { PersistedSlot, StoreSlot } from '../wire/shape.ts'
import { isInJournal, type BlockRef } from '../wire/slab/block-ref.ts'
import type { SlabView } from '../wire/slab/slab-view.ts'
import { SlabWriter } from '../wire/slab/slab-writer.ts'
import type { NewSlab } from '../wire/slab/slab-writer.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { localFileSystem } from '../storage/local-file-system.ts'
import { BlockFileReader, BlockFileWriter } from '../storage/block-file.ts'
import { readJournalBlock } from '../storage/journal/read-block.ts'
import { decodedBytes } from './decoded-cache.ts'
import type { DecodedCache } from './decoded-cache.ts'
import { kernelErrors, TaskCancelled } from './errors.ts'
import { TaskMemory } from './spill/task-memory.ts'
import type { TaskMemoryOptions } from './spill/task-memory.ts'
import { newMetrics, type TaskMetrics } from '../wire/task-metrics.ts'
import { countingFiles } from './counting-files.ts'
import { FileTarget } from './file-target.ts'
import { inBlocks } from './outputs.ts'
import type { TaskIO } from './task-io.ts'

export interface SlabTaskOptions {
  readonly partition: number
  /** The view of a slab that the task may read. */
  readonly view: (slab: number) => SlabView
  readonly leases: Leases
  readonly memory: TaskMemoryOptions
  /** Default: the local one. */
  readonly fs?: FileSystem
  readonly isCancelled: () => boolean
  /** Where the pairs of a shuffle go, instead of block memory that is full. */
  readonly shuffleFile?: string | undefined
  /** What the thread holds of persisted partitions. */
  readonly decoded?: DecodedCache
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
  #kept: SlabWriter | undefined
  #shuffled: FileTarget | undefined
  readonly #blockFiles = new BlockFileReader()
  #givenBytes = 0
  #lastTemporary = 0
  readonly #nextTemporary = (): number => --this.#lastTemporary
  #abort: AbortController | undefined
  #files: FileSystem | undefined

  constructor(options: SlabTaskOptions) {
    this.partition = options.partition
    this.#options = options
    this.memory = new TaskMemory(options.memory, bytes => { this.metrics.spilledBytes += bytes })
    const { output, kept } = options.leases
    this.#output = new SlabWriter({ view: options.view(output.slab), offset: output.offset }, this.#nextTemporary)
    this.#kept = kept && new SlabWriter({ view: options.view(kept.slab), offset: kept.offset }, this.#nextTemporary)
  }

  get fs(): FileSystem {
    return (this.#files ??= countingFiles(this.#options.fs ?? localFileSystem, this.metrics))
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

  * persisted(partitions: readonly PersistedSlot[]): Generator<readonly unknown[]> {
    for (const { id, rdd, blocks } of partitions) {
      const { decoded } = this.#options
      const known = decoded?.get(id)
      if (known !== undefined) {
        for (const make of known) yield make()
        continue
      }
      const chunks: (() => unknown[])[] = []
      let [bytes, fits] = [0, decoded !== undefined]
      for (const ref of blocks) {
        this.metrics.bytesRead += ref.bytes
        const make = this.#reader(ref, fits)
        const records = make()
        bytes += decodedBytes(records, ref.bytes)
        fits &&= decoded!.makeRoom(rdd, bytes)
        if (fits) chunks.push(make)
        else chunks.length = 0
        yield records
      }
      if (fits) decoded!.set(id, rdd, chunks, bytes)
    }
  }

  keepRecords(records: readonly unknown[], from: number, to: number): BlockRef {
    this.#kept ??= new SlabWriter(undefined, this.#nextTemporary)
    return encodeBlock(records, from, to, this.#kept, { classes: classTable })
  }

  keepTuples(columns: readonly (readonly unknown[])[], from: number, to: number): BlockRef {
    this.#kept ??= new SlabWriter(undefined, this.#nextTemporary)
    return encodeTuples(columns, from, to, this.#kept, { classes: classTable })
  }

  keep(where: StoreSlot, records: readonly unknown[]): BlockRef[] {
    const blocks = where.file === undefined
      ? inBlocks(records, (from, to) => this.keepRecords(records, from, to))
      : FileTarget.write(where.file, this.#options.memory.compression.kept, target => inBlocks(records, (from, to) => encodeBlock(records, from, to, target, { classes: classTable })))
    if (where.objects) this.#hold({ ...where, blocks })
    return blocks
  }

  writeShuffled(records: readonly unknown[], from: number, to: number): BlockRef {
    return this.#given(encodeBlock(records, from, to, this.#shuffleTarget(), { classes: classTable }))
  }

  writePairs(keys: readonly unknown[], values: readonly unknown[], from: number, to: number): BlockRef {
    return this.#given(encodeTuples([keys, values], from, to, this.#shuffleTarget(), { classes: classTable }))
  }

  /** Ends writing, and closes files. */
  finish(): SlabUse {
    this.memory.close()
    this.#blockFiles.close()
    this.#shuffled?.close()
    this.#shuffled = undefined
    const output = this.#output.finish()
    const kept = this.#kept?.finish()
    return { outputOffset: output.offset, ...(this.#options.leases.kept && kept && { keptOffset: kept.offset }), newSlabs: [...output.newSlabs, ...(kept?.newSlabs.map(slab => ({ ...slab, kept: true })) ?? [])] }
  }

  /** Decodes what was kept, as whoever reads it later would; not the records themselves, which may be changed yet. */
  #hold(partition: PersistedSlot): void {
    try {
      for (const _ of this.persisted([partition])); // oxlint-disable-line eslint/no-empty -- reading holds them
    } catch { /* whoever reads it decodes it: a class may have to be loaded */ }
  }

  /** Where the output to a shuffle goes. */
  #shuffleTarget(): BlockTarget {
    const { shuffleFile, memory } = this.#options
    return shuffleFile === undefined ? this.#output : (this.#shuffled ??= new FileTarget(new BlockFileWriter(shuffleFile), memory.compression.shuffled))
  }

  /** Counts a block that is given to a shuffle. */
  #given(block: BlockRef): BlockRef {
    const { outputBytes } = this.#options.memory
    if (block.file !== undefined) this.metrics.spilledBytes += block.stored ?? block.bytes
    else if ((this.#givenBytes += block.bytes) > outputBytes) throw kernelErrors.RIV_BLOCK_MEMORY(this.#givenBytes, outputBytes)
    return block
  }

  #reader(ref: BlockRef, held: boolean): () => unknown[] {
    const bytes = this.#read(ref)
    return held ? blockReader(bytes, { classes: classTable }) : () => decodeBlock(bytes, { classes: classTable })
  }

  #read(ref: BlockRef): Buffer {
    if (isInJournal(ref)) return readJournalBlock(this.#blockFiles, ref)
    if (ref.file !== undefined) return this.#blockFiles.read(ref.file, ref)
    const view = ref.slab < 0 ? this.#output.made(ref.slab) ?? this.#kept?.made(ref.slab) : this.#options.view(ref.slab)
    return view!.read(ref)
  }
}
