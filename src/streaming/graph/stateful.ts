// What every part of the graph that remembers more than a batch is: keyed state, the panes of windows.
//
//   advance(t) ──→ version t, pending ──→ commit(t) │ rollback(t)          forget(t): older versions are not read any more
//
// - advance runs once a batch, in graph order, before the outputs; it makes version t from the version before and changes nothing of that.
// - What a version adds to is written once, as blocks: they are the truth, everything else is made from them.
// - When the advance of one fails all of them roll the batch back: it is as if it had brought nothing.

import type { DiskState } from '../../kernel/state/live-tables.ts'
import type { JobRunner } from '../../rdd/job-runner.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'

/** What a batch adds to one partition, as a journal keeps it. */
export interface PartitionDelta {
  /** Lists of blocks; what each is for is the operator's own affair. */
  readonly lists: readonly (readonly BlockRef[])[]
  readonly info: unknown
}

/** What a batch adds. */
export interface Delta {
  readonly partitions: readonly PartitionDelta[]
  /** Deltas of batches before this time are not needed any more to have this version. */
  readonly needsFromMs: number
  /** The blocks, in the order of partitions and lists, are in a file of the journal, and stay there while `Stateful.readsFromMs` is not later. */
  readonly written?: (blocks: readonly BlockRef[]) => void
}

/** Where states are, besides in the journal. */
export interface StatePlace {
  /** Batches up to this time are final. */
  readonly committedMs: number
  /** On disk, if they are. */
  readonly disk: Omit<DiskState, 'name'> | undefined
}

export interface Stateful {
  /** The kind of operator, for its name in a checkpoint: `updateStateByKey`, `window` … */
  readonly kind: string
  /** Whether it is made of what others remember: nothing of it is in a checkpoint. */
  readonly isDerived?: true
  /** Whether it needs a place where its state is kept. */
  readonly needsCheckpoint: boolean
  /** Milliseconds between two advances. */
  readonly advanceMs: number
  /** What must be the same in a program that goes on with its state: partitions, window. */
  readonly fingerprint: Readonly<Record<string, unknown>>
  /** How many keys have a state. */
  readonly keys?: number
  /** Where the newest version went through all keys, with data or without: how many had some. */
  readonly withData?: number | undefined
  /** Says, before anything else, where its state is to be; the operator is as a checkpoint names it. Gives the names of its databases. */
  placed?(place: StatePlace, operator: string): readonly string[]
  /** Makes the version of a batch. */
  advance(timeMs: number): Promise<void>
  /** Takes the version of a batch back, if there is one. */
  rollback(timeMs: number): void
  /** What a version added, if there is one. */
  deltaOf(timeMs: number): Delta | undefined
  /** The newest version is in the journal, which holds `bytesSince(t)` bytes from batch t on: `spareBytes` of others' may be held back. */
  journalled?(bytesSince: (timeMs: number) => number, spareBytes: number): void
  /** The first batch whose deltas are read in the journal's files; undefined where none are. */
  readonly readsFromMs?: number
  /** Which of its lists are read in the journal's files, if any are. */
  readonly logList?: number
  /** Takes over what a batch of an earlier run added; batches come in order. */
  restore(timeMs: number, delta: Delta): void
  /** All of an earlier run was restored; keys of other kinds than it had are refused, unless `anyKeys` may come. Where it had to be brought to other partitions: what its batches added, by time, to be journalled anew. */
  restored?(anyKeys: boolean): Promise<ReadonlyMap<number, Delta> | undefined>
  /** Versions up to a time are not read any more; with Infinity it gives up everything. */
  forget(upToMs: number, runner: JobRunner): void
}

