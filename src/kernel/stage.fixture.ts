// A stage run for real without an engine: blocks in a slab, a task on them, its output decoded.

import { present } from '../base/assert.ts'
import { uncompressed } from '../storage/block-compression.ts'
import { decodeBlock } from '../wire/block/decode.ts'
import { encodeBlock } from '../wire/block/encode.ts'
import type { Lease } from '../wire/messages.ts'
import type { FnShape, Input, Sink } from '../wire/shape.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import { allocateSlab, slabHeaderBytes, SlabView } from '../wire/slab/slab-view.ts'
import { SlabWriter } from '../wire/slab/slab-writer.ts'
import { compileStage } from './compile.ts'
import type { TaskOutput } from './compile-runtime.ts'
import { SlabTaskIO } from './slab-task-io.ts'
import type { TaskMemoryOptions } from './spill/task-memory.ts'

export type Fn = (...args: never[]) => unknown

/** Memory, and tasks on it. */
export class StageHarness {
  readonly #views = new Map<number, SlabView>()
  #lastSlab = 0
  /** The task's view of the world in the last run. */
  io: SlabTaskIO | undefined
  /** The cancel flag; may be set by a function of the stage. */
  cancelled = false
  /** What a task may hold. */
  memory: TaskMemoryOptions = { dir: '', bytes: Infinity, groupBytes: Infinity, outputBytes: Infinity, compression: uncompressed }

  /** A block of records. */
  block(records: readonly unknown[]): BlockRef {
    return this.#write(writer => encodeBlock(records, 0, records.length, writer))
  }

  /** A text block. */
  text(text: string): BlockRef {
    return this.#write(writer => {
      const bytes = Buffer.from(text)
      writer.reserve(bytes.length).set(bytes)
      return writer.commit(bytes.length, 0)
    })
  }

  /** Compiles a stage over functions of the user and runs one task. */
  run(input: Input, sink: Sink, fns: readonly Fn[], slots: readonly unknown[]): TaskOutput | Promise<TaskOutput> {
    const table: FnShape[] = fns.map(() => ({ kind: 'user', code: '' }))
    const lease = (): Lease => {
      const view = this.#newView()
      return { slab: view.id, generation: view.generation(), offset: slabHeaderBytes }
    }
    this.io = new SlabTaskIO({ partition: 2, view: id => present(this.#views.get(id), 'a slab'), leases: { output: lease(), kept: lease() }, memory: this.memory, isCancelled: () => this.cancelled })
    return compileStage({ input, sink, fns: table })(fns)(slots, this.io)
  }

  /** The records of blocks that were given to a task or written by the last one. */
  records(blocks: readonly BlockRef[]): unknown[] {
    return blocks.flatMap(ref => ref.slab > 0 ? decodeBlock(present(this.#views.get(ref.slab), 'a slab').read(ref)) : present(this.io, 'a run').records(ref))
  }

  #write(write: (writer: SlabWriter) => BlockRef): BlockRef {
    return write(new SlabWriter({ view: this.#newView(), offset: slabHeaderBytes }, () => -1))
  }

  #newView(): SlabView {
    const view = new SlabView(++this.#lastSlab, allocateSlab(0))
    this.#views.set(view.id, view)
    return view
  }
}
