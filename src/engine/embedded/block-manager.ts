// Which blocks the engine holds for which plan node: kept partitions, shuffle outputs, literal records.
//
// - A block list has one owner here; dropping it releases its blocks.
// - Shuffles and literals of a node in a batch's scope go with the scope. Kept partitions go with `unpersist`: a window remembers them longer.
// - Whatever is left goes when the program drops the plan node (finalization).

import type { BlockRef } from '../../wire/slab/block-ref.ts'
import type { TaskOutput } from '../../kernel/compile-runtime.ts'
import { partitionCount } from '../../rdd/plan.ts'
import type { Plan, ShufflePlan } from '../../rdd/plan.ts'
import { present } from '../../base/assert.ts'
import type { BlockLookup } from './describe-task.ts'
import type { Presence } from './dag-scheduler.ts'
import type { SlabPool } from './slab-pool.ts'

type Blocks = readonly BlockRef[]

/** What is held for one plan node. */
interface Held {
  kept?: Map<number, Blocks>
  /** Per reducer the blocks of all maps, in map order. */
  shuffled?: readonly Blocks[]
  literal?: Map<number, Blocks>
}

export class BlockManager implements BlockLookup, Presence {
  readonly #pool: SlabPool
  readonly #encode: (records: readonly unknown[]) => Blocks
  readonly #held = new Map<number, Held>()
  readonly #dropped = new FinalizationRegistry<number>(id => this.#drop(id))

  constructor(pool: SlabPool, encode: (records: readonly unknown[]) => Blocks) {
    this.#pool = pool
    this.#encode = encode
  }

  kept(plan: Plan, partition: number): Blocks | undefined {
    return this.#held.get(plan.id)?.kept?.get(partition)
  }

  keepsAll(plan: Plan): boolean {
    return (this.#held.get(plan.id)?.kept?.size ?? 0) === partitionCount(plan)
  }

  /** Keeps a partition; a second copy is released, and so is one whose plan is not persisted any more. */
  keep(plan: Plan, partition: number, blocks: Blocks): void {
    if (plan.storage === 'none' || this.kept(plan, partition) !== undefined) return this.releaseAll(blocks)
    const held = this.#of(plan)
    held.kept ??= new Map()
    held.kept.set(partition, blocks)
  }

  unpersist(plan: Plan): void {
    const held = this.#held.get(plan.id)
    if (held?.kept === undefined) return
    for (const blocks of held.kept.values()) this.releaseAll(blocks)
    delete held.kept
    if (held.shuffled === undefined && held.literal === undefined) this.#forget(plan.id, held)
  }

  hasShuffle(shuffle: ShufflePlan): boolean {
    return this.#held.get(shuffle.id)?.shuffled !== undefined
  }

  shuffled(plan: ShufflePlan, reducer: number): Blocks {
    return present(present(this.#held.get(plan.id)?.shuffled, 'the output of a shuffle')[reducer], 'a reducer')
  }

  /** Registers the outputs of all map tasks, in the order of map partitions. */
  addShuffle(shuffle: ShufflePlan, outputs: ReadonlyMap<number, TaskOutput>): void {
    const inOrder = [...outputs.keys()].sort((a, b) => a - b).map(partition => outputs.get(partition)!)
    const reducers = present(shuffle.target, 'the partitioning of a resolved shuffle').partitions
    const shuffled: BlockRef[][] = Array.from({ length: reducers }, () => [])
    for (const output of inOrder) output.shuffle!.forEach((blocks, reducer) => shuffled[reducer]!.push(...blocks))
    if (shuffle.scope?.released === true) for (const blocks of shuffled) this.releaseAll(blocks)
    else this.#of(shuffle).shuffled = shuffled
  }

  literal(plan: Plan, partition: number, records: readonly unknown[]): Blocks {
    const literal = (this.#of(plan).literal ??= new Map<number, Blocks>())
    let blocks = literal.get(partition)
    if (blocks === undefined) literal.set(partition, blocks = this.#encode(records))
    return blocks
  }

  #drop(planId: number): void {
    const held = this.#held.get(planId)
    if (held === undefined) return
    this.#held.delete(planId)
    for (const blocks of held.kept?.values() ?? []) this.releaseAll(blocks)
    this.#dropTransient(held)
  }

  /** Gives up what can be computed again. */
  #dropTransient(held: Held): void {
    for (const blocks of held.literal?.values() ?? []) this.releaseAll(blocks)
    for (const blocks of held.shuffled ?? []) this.releaseAll(blocks)
    delete held.literal
    delete held.shuffled
  }

  releaseAll(blocks: Blocks): void {
    for (const ref of blocks) this.#pool.release(ref)
  }

  #of(plan: Plan): Held {
    let held = this.#held.get(plan.id)
    if (held !== undefined) return held
    this.#held.set(plan.id, held = {})
    this.#dropped.register(plan, plan.id, held)
    const entry = held
    plan.scope?.onRelease(() => {
      this.#dropTransient(entry)
      if (entry.kept === undefined) this.#forget(plan.id, entry)
    })
    return held
  }

  #forget(planId: number, held: Held): void {
    this.#held.delete(planId)
    this.#dropped.unregister(held)
  }
}
