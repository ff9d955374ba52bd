// What a StreamingContext writes into its journal.
//
//   start ─→ (block …) inputs(t) ─→ delta(t, operator) … ─→ completed(t) ─→ …
//
// - A batch is fixed by `inputs`; what it adds to each operator's state are its `delta`s; `completed` makes them count.
// - Deltas of a batch that was not completed are not used: the batch runs again, on the same inputs.
// - `start` says what program wrote what follows; it stands at the beginning of the journal and of each file from where it may be read.

import type { EarlierRun } from '../../kernel/state/disk-table.ts'
import type { PartitionDelta } from '../graph/stateful.ts'

/** An operator with state, as a checkpoint knows it. */
export interface OperatorRecord {
  readonly id: string
  readonly fingerprint: Readonly<Record<string, unknown>>
}

/** An input, as a checkpoint knows it. */
export interface InputOrigin {
  readonly id: string
  readonly kind: string
  /** Where it reads from, as far as that is known: a folder, an address. */
  readonly origin: string
  /** Whether the program named it. */
  readonly named: boolean
}

export interface StartRecord {
  readonly batchMs: number
  /** The time before the first batch of all. */
  readonly zeroMs: number
  /** Partitions of operators that the program gave no number for. */
  readonly parallelism: number
  readonly operators: readonly OperatorRecord[]
  /** Absent in journals of versions before it was there. */
  readonly inputs?: readonly InputOrigin[]
  /** The outputs that commit in two phases; absent in journals of versions before it was there. */
  readonly sinks?: readonly number[]
  /** By input with offsets, what the newest batch had of it, or where it begins. */
  readonly newest: InputsRecord['inputs']
  /** By input with blocks, the number of the next one. */
  readonly nextBlock: Readonly<Record<string, number>>
  /** Names the run of the program that writes, and says the last ones that it goes on from, the newest at the end: whose databases of states can be used. Older journals have neither. */
  readonly run?: string
  readonly runs?: readonly EarlierRun[]
}

/** A block that a receiver stored; its bytes are the record's one block. */
export interface BlockRecord {
  readonly input: string
  readonly number: number
  /** Records in it, as its receiver counts them, and as its header has them. */
  readonly records: number
  readonly count: number
}

export interface InputsRecord {
  readonly timeMs: number
  /** By input, what its batch is made from again. */
  readonly inputs: Readonly<Record<string, unknown>>
}

export interface DeltaRecord {
  readonly timeMs: number
  readonly operator: string
  /** Deltas of batches before this time are not needed any more. */
  readonly needsFromMs: number
  /** By partition: the record counts of the blocks in each list; the blocks stand in the same order beside the record. */
  readonly partitions: readonly { readonly lists: readonly (readonly number[])[]; readonly info: PartitionDelta['info'] }[]
}

/** What the batches of an operator had added, in other partitions than before: takes the place of all its deltas that came before. */
export interface RestatedRecord {
  readonly operator: string
  /** The blocks stand beside the record, those of one delta after those of another. */
  readonly deltas: readonly Omit<DeltaRecord, 'operator'>[]
}

/** What a stream gave in a batch whose functions may give something else again; the blocks of the partitions stand beside the record, in order. */
export interface RecordedRecord {
  readonly timeMs: number
  readonly stream: string
  /** By partition, the record counts of its blocks. */
  readonly partitions: readonly (readonly number[])[]
}

export interface CompletedRecord {
  readonly timeMs: number
  /** Whether its advance failed: then it brought nothing to any state. */
  readonly skipped: boolean
  /** What two-phase sinks have prepared, by output. */
  readonly prepared: readonly { readonly output: number; readonly handles: readonly unknown[] }[]
}

/** What the batch's sinks had prepared is committed. */
export interface CommittedRecord {
  readonly timeMs: number
}
