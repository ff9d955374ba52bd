// Which blocks the engine holds for which plan node: kept partitions, shuffle outputs, literal records.
//
// - A group of blocks has one owner here; dropping it releases its blocks, or removes its file.
// - Shuffles and literals of a node in a batch's scope go with the scope. Kept partitions go with `unpersist`: a window remembers them longer.
// - Whatever is left goes when the program drops the plan node (finalization).
// - When memory is full the group used longest ago goes: to a file, or for good where it can be made again and its level says so.
//   A batch's partitions always go to a file, for what they were made of may be gone; so do those of a local checkpoint.
// - Keeping a partition never costs another one of the same RDD: then a loop over a large RDD would find none of them.

import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { partitionCount } from '../../rdd/plan.ts'
import type { StorageUse } from '../../rdd/job-runner.ts'
import type { Plan, ShufflePlan } from '../../rdd/plan.ts'
import { traitsOf } from '../../rdd/storage-level.ts'
import { present } from '../../base/assert.ts'
import type { StoreSlot } from '../../wire/shape.ts'
import type { BlockFiles } from './block-files.ts'
import { BlockGroup, type Blocks } from './block-group.ts'
import type { BlockLookup, KeptPartition } from './describe-task.ts'
import type { Presence } from './dag-scheduler.ts'
import type { SlabPool } from './slab-pool.ts'

/** A kept partition: its blocks, and what threads call the records they hold of it. */
interface Kept { readonly id: number; readonly group: BlockGroup; readonly worker: number | undefined }

/** What is held for one plan node. */
interface Held {
  kept?: Map<number, Kept>
  /** The outputs of all map tasks, in map order. */
  shuffled?: readonly BlockGroup[]
  /** A file of the shuffle could not be read. */
  damaged?: boolean
  literal?: Map<number, BlockGroup>
  /** No room was found for a partition; how much had been released by then. */
  refusedAt?: number
}

export interface BlockManagerOptions {
  readonly pool: SlabPool
  readonly files: BlockFiles
  readonly encode: (records: readonly unknown[]) => Blocks
  /** Threads need not hold the records of these partitions any more. */
  readonly forgetDecoded: (ids: readonly number[]) => void
  /** A kept partition is somewhere else than before; undefined: nowhere. */
  readonly moved?: (rddId: number, partition: number, to: Pick<BlockGroup, 'file' | 'bytes'> | undefined) => void
}

export class BlockManager implements BlockLookup, Presence {
  readonly #options: BlockManagerOptions
  readonly #held = new Map<number, Held>()
  readonly #dropped = new FinalizationRegistry<number>(id => this.#drop(id))
  /** Groups in memory, the one used longest ago first. */
  readonly #inMemory = new Set<BlockGroup>()
  /** Groups of the task that is being described: nobody else knows yet that it reads them. */
  readonly #described = new Set<BlockGroup>()
  #lastKept = 0
  /** Groups in memory that were released so far. */
  #released = 0

  constructor(options: BlockManagerOptions) {
    this.#options = options
  }

  kept(plan: Plan, partition: number): KeptPartition | undefined {
    const kept = this.#held.get(plan.id)?.kept?.get(partition)
    if (kept === undefined) return undefined
    this.#use(kept.group)
    return { id: kept.id, blocks: kept.group.lists[0]! }
  }

  holder(plan: Plan, partition: number): number | undefined {
    return this.#held.get(plan.id)?.kept?.get(partition)?.worker
  }

  keepsAll(plan: Plan): boolean {
    return (this.#held.get(plan.id)?.kept?.size ?? 0) === partitionCount(plan)
  }

  whereToKeep(plan: Plan): StoreSlot | undefined {
    const { memory, disk, objects } = traitsOf(plan.storage)
    const inMemory = memory && this.#held.get(plan.id)?.refusedAt !== this.#released
    if (!inMemory && !disk && !isPrecious(plan)) return undefined
    return { id: ++this.#lastKept, rdd: plan.id, objects, ...(!inMemory && { file: this.#options.files.newPath() }) }
  }

  /** Keeps a partition; a second copy is released, and so is one whose plan is not persisted any more. */
  keep(plan: Plan, partition: number, { id, blocks }: KeptPartition, worker?: number): void {
    const precious = isPrecious(plan)
    const owner = { plan: plan.id, kind: 'kept' as const, partition, movable: precious || traitsOf(plan.storage).disk }
    if (plan.storage === 'none' || this.#held.get(plan.id)?.kept?.has(partition) === true) return this.release(new BlockGroup(owner, [blocks]))
    const kept = (this.#of(plan).kept ??= new Map<number, Kept>())
    const giveUp = (): void => {
      kept.delete(partition)
      this.#options.forgetDecoded([id])
      this.#options.moved?.(owner.plan, partition, undefined) // naming `plan` here would hold it: a plan nobody has is how a drop is noticed
    }
    const group = this.#hold(new BlockGroup(precious ? owner : { ...owner, giveUp }, [blocks]))
    kept.set(partition, { id, group, worker })
    this.#options.moved?.(plan.id, partition, group)
  }

  /** There is no room for a partition that was made to be kept: writes it to a file, or gives up keeping it. */
  refused(plan: Plan, blocks: Blocks, read: (ref: BlockRef) => Uint8Array): Blocks | undefined {
    this.#of(plan).refusedAt = this.#released
    return traitsOf(plan.storage).disk || isPrecious(plan) ? this.#options.files.write('kept', [blocks], read)[0] : undefined
  }

  unpersist(plan: Plan): void {
    const held = this.#held.get(plan.id)
    if (held?.kept === undefined) return
    this.#options.forgetDecoded([...held.kept.values()].map(({ id }) => id))
    for (const { group } of held.kept.values()) this.release(group)
    delete held.kept
    if (held.shuffled === undefined && held.literal === undefined) this.#forget(plan.id, held)
  }

  storageOf(plan: Plan): StorageUse {
    const use = { partitions: 0, memoryBytes: 0, diskBytes: 0 }
    for (const { group } of this.#held.get(plan.id)?.kept?.values() ?? []) {
      use.partitions++
      if (group.file === undefined) use.memoryBytes += group.bytes
      else use.diskBytes += group.bytes
    }
    return use
  }

  hasShuffle(shuffle: ShufflePlan): boolean {
    const held = this.#held.get(shuffle.id)
    return held?.shuffled !== undefined && held.damaged !== true
  }

  shuffled(plan: ShufflePlan, reducer: number): Blocks {
    return present(this.#held.get(plan.id)?.shuffled, 'the output of a shuffle').flatMap(group => {
      this.#use(group)
      return present(group.lists[reducer], 'a reducer')
    })
  }

  /** Takes over the output of one map task; it is registered when all are there. */
  holdShuffled(shuffle: ShufflePlan, lists: readonly Blocks[]): BlockGroup {
    return this.#hold(new BlockGroup({ plan: shuffle.id, kind: 'shuffled', movable: true }, lists))
  }

  /** Registers the outputs of all map tasks, by map partition. */
  addShuffle(shuffle: ShufflePlan, outputs: ReadonlyMap<number, BlockGroup>): void {
    const inOrder = [...outputs.keys()].sort((a, b) => a - b).map(partition => outputs.get(partition)!)
    if (shuffle.scope?.released === true) return inOrder.forEach(group => this.release(group))
    const held = this.#of(shuffle)
    for (const group of held.shuffled ?? []) this.release(group)
    held.shuffled = inOrder
    held.damaged = false
  }

  literal(plan: Plan, partition: number, records: readonly unknown[]): Blocks {
    const literal = (this.#of(plan).literal ??= new Map<number, BlockGroup>())
    let group = literal.get(partition)
    if (group === undefined) {
      group = this.#hold(new BlockGroup({ plan: plan.id, kind: 'literal', movable: false, giveUp: () => literal.delete(partition) }, [this.#options.encode(records)]))
      literal.set(partition, group)
    }
    this.#use(group)
    return group.lists[0]!
  }

  /** A task has been described, and what it reads is known to the pool. */
  endDescription(): void {
    this.#described.clear()
  }

  /** Gives up memory, if any group can go; says whether one went. Groups that running tasks read go last, and not for a partition to keep. */
  makeRoom(except: ReadonlySet<number>): boolean {
    let read: BlockGroup | undefined
    for (const group of this.#inMemory) {
      const { owner, lists } = group
      if (this.#described.has(group) || (owner.kind === 'kept' && except.has(owner.plan))) continue
      if (lists.every(blocks => this.#options.pool.isUnread(blocks))) return this.#evict(group)
      read ??= group
    }
    return read !== undefined && except.size === 0 && this.#evict(read)
  }

  /** Files among these cannot be read: persisted partitions in them are computed again, shuffles by the next job. */
  lost(files: ReadonlySet<string>): void {
    const isLost = (group: BlockGroup): boolean => group.file !== undefined && files.has(group.file)
    for (const held of this.#held.values()) {
      for (const { group } of [...held.kept?.values() ?? []]) if (isLost(group)) this.#giveUp(group)
      if (held.shuffled?.some(isLost) === true) held.damaged = true
    }
  }

  release(group: BlockGroup): void {
    const { file } = group
    if (file !== undefined) return this.#options.files.remove(file)
    if (this.#inMemory.delete(group)) this.#released++
    for (const blocks of group.lists) this.releaseAll(blocks)
  }

  releaseAll(blocks: Blocks): void {
    for (const ref of blocks) this.#options.pool.release(ref)
  }

  #evict(group: BlockGroup): true {
    if (group.owner.movable) this.#moveToFile(group)
    else this.#giveUp(group)
    return true
  }

  #giveUp(group: BlockGroup): void {
    if (group.owner.giveUp === undefined) return
    this.release(group)
    group.owner.giveUp()
  }

  #moveToFile(group: BlockGroup): void {
    const { pool, files } = this.#options
    const moved = files.write(group.owner.kind === 'shuffled' ? 'shuffled' : 'kept', group.lists, ref => pool.view(ref.slab).read(ref))
    this.release(group)
    group.lists = moved
    const { plan, partition } = group.owner
    if (partition !== undefined) this.#options.moved?.(plan, partition, group)
  }

  #hold(group: BlockGroup): BlockGroup {
    if (group.file === undefined && group.bytes > 0) this.#inMemory.add(group)
    return group
  }

  /** A task is about to read the group. */
  #use(group: BlockGroup): void {
    this.#described.add(group)
    if (this.#inMemory.delete(group)) this.#inMemory.add(group) // to the end of the order of use
  }

  #drop(planId: number): void {
    const held = this.#held.get(planId)
    if (held === undefined) return
    this.#held.delete(planId)
    this.#options.forgetDecoded([...held.kept?.values() ?? []].map(({ id }) => id))
    for (const { group } of held.kept?.values() ?? []) this.release(group)
    this.#dropTransient(held)
  }

  /** Gives up what can be computed again. */
  #dropTransient(held: Held): void {
    for (const group of held.literal?.values() ?? []) this.release(group)
    for (const group of held.shuffled ?? []) this.release(group)
    delete held.literal
    delete held.shuffled
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

/** Whether a kept partition may be the only copy there is. */
function isPrecious({ scope, checkpoint }: Plan): boolean {
  return scope !== undefined || (checkpoint !== undefined && checkpoint.folder === undefined)
}
