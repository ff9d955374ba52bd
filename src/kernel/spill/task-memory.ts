// The memory that one task may fill with what it aggregates, groups or sorts, and the files for what is more.
//
// - The limit is that of the task, whatever other tasks do: where a task spills depends on its records alone.
// - What is held in it is an estimate of bytes in the heap, by samples; garbage is not counted, so the heap may be twice as large.
// - Everything that is open in a task at the same time has an equal share.

import type { Compression } from '../../storage/block-compression.ts'
import { SpillFile } from './spill-file.ts'

export interface TaskMemoryOptions {
  /** Folder for files; made when it is needed. */
  readonly dir: string
  /** Bytes that a task may hold. */
  readonly bytes: number
  /** Bytes that it may hold of what cannot go to a file: the values of a key that are one list. */
  readonly groupBytes: number
  /** Bytes of block memory that it may fill with what it gives to a shuffle; more has to go to a file. */
  readonly outputBytes: number
  /** Of what goes to files. */
  readonly compression: Compression
}

/** Records between two samples, at most. */
const longestInterval = 1_024
/** A sample is taken at least so often while a share is filled. */
const samplesPerShare = 32
/** And so often where it is dear. */
const leastSamples = 8

export class TaskMemory {
  readonly #options: TaskMemoryOptions
  readonly #onSpill: (bytes: number) => void
  readonly #files = new Set<SpillFile>()
  #holders = 0

  /** `onSpill` is told of bytes that go to a file. */
  constructor(options: TaskMemoryOptions, onSpill: (bytes: number) => void) {
    this.#options = options
    this.#onSpill = onSpill
  }

  /** Bytes that each holder may fill. */
  get share(): number {
    return this.#options.bytes / Math.max(1, this.#holders)
  }

  /** Bytes that may be held of what has to stay together. */
  get most(): number {
    return Math.max(this.share, this.#options.groupBytes)
  }

  /** One more holder, until `leave`. */
  enter(): void {
    this.#holders++
  }

  leave(): void {
    this.#holders--
  }

  /** How many records may pass before the next sample, where one takes so many bytes and the last sample looked at `cost` values. */
  interval(bytesPerRecord: number, cost: number): number {
    const perShare = this.share / Math.max(1, bytesPerRecord)
    return Math.max(1, Math.floor(Math.max(Math.min(longestInterval, perShare / samplesPerShare), Math.min(cost, perShare / leastSamples))))
  }

  /** A new file; it is closed with the task if not before. */
  openFile(): SpillFile {
    const file = new SpillFile(this.#options.dir, this.#options.compression.spilled, this.#onSpill, closed => this.#files.delete(closed))
    this.#files.add(file)
    return file
  }

  /** Closes what is still open. */
  close(): void {
    for (const file of this.#files) file.close()
  }
}
