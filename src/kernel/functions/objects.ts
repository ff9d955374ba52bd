// Records in files of our own format: blocks in frames (storage/frame-file). Object files and checkpoints.

import { FrameWriter, readFrames } from '../../storage/frame-file.ts'
import type { ClassTable } from '../../wire/block/class-instances.ts'
import { decodeBlock } from '../../wire/block/decode.ts'
import { encodeBlock, type BlockTarget } from '../../wire/block/encode.ts'
import type { ClassRef } from '../../wire/closure/classes.ts'
import { classTable } from '../class-table.ts'
import { FinalFailure, kernelErrors } from '../errors.ts'
import { nextRecords, recordsAtFirst } from '../outputs.ts'
import { writePart, type PartTarget } from '../part-file.ts'
import type { TaskIO } from '../task-io.ts'
import type { Args, Rows } from './kinds.ts'

/** A file outlives the program: classes that only this run knows are refused in it. */
const lastingClasses: ClassTable = {
  refOf(type) {
    const ref = classTable.refOf(type) as ClassRef | undefined
    return ref?.kind === 'shipped' ? undefined : ref
  },
  resolve: ref => classTable.resolve(ref),
}

/** Memory for one block at a time. */
class OneBlock implements BlockTarget {
  #memory = Buffer.alloc(0)
  block = this.#memory

  reserve(bytes: number): Buffer {
    if (this.#memory.length < bytes) this.#memory = Buffer.allocUnsafeSlow(bytes)
    return this.#memory.subarray(0, bytes)
  }

  commit(bytes: number, count: number): ReturnType<BlockTarget['commit']> {
    this.block = this.#memory.subarray(0, bytes)
    return { slab: 0, generation: 0, offset: 0, bytes, count }
  }
}

/** Writes the records of a partition to a new file; gives its path. */
export const savedObjects = ([target]: Args) => (rows: Rows, partition: number, io: TaskIO): Promise<string> => writePart(target as PartTarget, partition, io, async file => {
  const frames = new FrameWriter(file)
  const memory = new OneBlock()
  await frames.begin()
  let limit = recordsAtFirst
  let records: unknown[] = []
  const flush = async (): Promise<void> => {
    const block = encodeBlock(records, 0, records.length, memory, { classes: lastingClasses })
    await frames.write({ count: block.count, payload: memory.block })
    limit = nextRecords(block)
    records = []
  }
  for (const record of rows) if (records.push(record) >= limit) await flush()
  if (records.length > 0) await flush()
  await frames.end()
})

/** The records of the files whose paths are the rows. */
export const objectRecords = () => async function* (paths: Iterable<string>, _partition: number, io: TaskIO): AsyncGenerator<unknown> {
  for (const path of paths) for await (const { payload } of readFrames(io.fs, path)) yield* decodeBlock(payload, { classes: classTable })
}

/** Stands where a partition of a local checkpoint was. */
export const lostPartition = ([rdd]: Args) => (): never => {
  throw new FinalFailure(kernelErrors.RIV_CHECKPOINT_LOST(String(rdd)))
}
