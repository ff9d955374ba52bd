// Blocks that move and go together: a kept partition, the output of one map task, literal records.

import type { BlockRef } from '../../wire/slab/block-ref.ts'

export type Blocks = readonly BlockRef[]

/** Whose blocks they are, and what becomes of them when memory is full. */
export interface GroupOwner {
  /** The plan node. */
  readonly plan: number
  readonly kind: 'kept' | 'shuffled' | 'literal'
  /** Which partition of a persisted RDD. */
  readonly partition?: number
  /** Whether they move to a file; otherwise they are given up. */
  readonly movable: boolean
  /** Takes them from their owner, who can make them again. Absent where he cannot. */
  readonly giveUp?: () => void
}

export class BlockGroup {
  readonly owner: GroupOwner
  /** One list, or one for each reducer. Others when the blocks have moved. */
  lists: readonly Blocks[]

  constructor(owner: GroupOwner, lists: readonly Blocks[]) {
    this.owner = owner
    this.lists = lists
  }

  /** The file in which they are, if they are in one. */
  get file(): string | undefined {
    return this.lists.find(blocks => blocks.length > 0)?.[0]!.file
  }

  /** What they take where they are. */
  get bytes(): number {
    let bytes = 0
    for (const blocks of this.lists) for (const ref of blocks) bytes += ref.stored ?? ref.bytes
    return bytes
  }
}
