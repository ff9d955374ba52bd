// From the lineage graph to the shape of one task: what it reads, what it does, where it writes.
//
// - A shuffle is where a stage begins: its output is read from blocks. A kept partition (persist) is read from its blocks too.
// - The shape names functions by index and data by slot; slots and functions are collected on the way.
// - Plans of several shapes may meet in one stage (a union of different chains): each partition is described on its own.

import { present } from '../../base/assert.ts'
import type { CallSite } from '../../base/call-site.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { addSlabs } from '../../wire/slab/packed-refs.ts'
import type { CoalescePlan, Partitioning, PipelinePlan, Plan, PlanAggregator, PlanFunction, PlanSink, PlanStep, ShufflePlan, UnionPlan, UserFunction } from '../../rdd/plan.ts'
import type { Aggregator, FnShape, Input, KeepInput, PartitioningShape, PersistedSlot, Sink, Step, StoreSlot } from '../../wire/shape.ts'
import { partitionCount } from '../../rdd/plan.ts'
import { traitsOf } from '../../rdd/storage-level.ts'
import { engineErrors } from '../errors.ts'

/** Most inputs inside one another in a stage: each costs several frames of the stack of whoever writes and runs the task. */
const maxNestedInputs = 400

/** What the description of tasks asks of the engine. */
export interface BlockLookup {
  /** A kept partition, if it is kept. */
  kept(plan: Plan, partition: number): KeptPartition | undefined
  /** The worker thread that has held the records of a kept partition. */
  holder(plan: Plan, partition: number): number | undefined
  /** Where a partition is to be kept, if there is room anywhere. */
  whereToKeep(plan: Plan): StoreSlot | undefined
  /** The blocks that a finished shuffle holds for a reducer, in map order. */
  shuffled(plan: ShufflePlan, reducer: number): readonly BlockRef[]
  /** The blocks of literal records (parallelize, the bounds of a sort), encoded once. */
  literal(plan: Plan, partition: number, records: readonly unknown[]): readonly BlockRef[]
}

/** The blocks of a kept partition, and the name of its decoded records. */
export interface KeptPartition { readonly id: number; readonly blocks: readonly BlockRef[] }

/** What a function is called for: the sink of a task, the map side of a shuffle, or the rows of a node. */
type Use = 'sink' | 'map' | 'rows'

/** Where a function of the table came from, for messages. */
export interface FnOrigin { readonly op: string; readonly site: CallSite }

/** One task, described. */
export interface TaskDescription {
  readonly input: Input
  readonly sink: Sink
  readonly slots: readonly unknown[]
  /** The function table; user functions stand as themselves. */
  readonly fns: readonly (UserFunction | Extract<FnShape, { kind: 'builtin' }>)[]
  readonly origins: readonly FnOrigin[]
  /** For each function that counts, what it is called for: use, node, partition. */
  readonly countedFor: readonly (string | undefined)[]
  /** Slabs that the slots' blocks are in. */
  readonly slabs: ReadonlySet<number>
  /** Files that others of them are in. */
  readonly files: ReadonlySet<string>
  /** For each `store` slot the plan node whose partition is kept. */
  readonly stores: ReadonlyMap<number, Kept>
  /** Whether it writes blocks that stay. */
  readonly keeps: boolean
}

/** A partition that a task is to keep. */
export interface Kept { readonly plan: Plan; readonly partition: number; readonly where: StoreSlot }

/** What a stage's tasks end in: an action, or the map side of a shuffle. */
export type StageEnd = { readonly kind: 'action'; readonly plan: Plan; readonly sink: PlanSink } | { readonly kind: 'map'; readonly shuffle: ShufflePlan }

/** Describes the task of a stage for one partition; `counts` says whether a function adds to accumulators. */
export function describeTask(end: StageEnd, partition: number, blocks: BlockLookup, counts: (fn: UserFunction) => boolean = () => false): TaskDescription {
  const builder = new Builder(blocks, counts)
  return end.kind === 'action' ? builder.action(end.plan, end.sink, partition) : builder.map(end.shuffle, partition)
}

class Builder {
  readonly #blocks: BlockLookup
  readonly #slots: unknown[] = []
  readonly #fns: TaskDescription['fns'][number][] = []
  readonly #origins: FnOrigin[] = []
  readonly #counts: (fn: UserFunction) => boolean
  readonly #index = new Map<PlanFunction, number>()
  readonly #countedFor: (string | undefined)[] = []
  readonly #stores = new Map<number, Kept>()
  readonly #slabs = new Set<number>()
  readonly #files = new Set<string>()
  #depth = 0

  constructor(blocks: BlockLookup, counts: (fn: UserFunction) => boolean) {
    this.#blocks = blocks
    this.#counts = counts
  }

  action(plan: Plan, sink: PlanSink, partition: number): TaskDescription {
    const input = this.#input(plan, partition)
    const end: Sink = sink.to === 'keep' ? { to: 'keep', fn: this.#fn(sink.fn, plan, partition, 'sink'), slot: this.#keepSlot(sink.inputs[partition] ?? { lists: [], args: undefined }) } : 'fn' in sink ? { to: sink.to, fn: this.#fn(sink.fn, plan, partition, 'sink') } : sink
    return this.#done(input, end)
  }

  map(shuffle: ShufflePlan, partition: number): TaskDescription {
    const input = this.#input(shuffle.parent, partition)
    const target = present(shuffle.target, 'the partitioning of a resolved shuffle')
    const aggregator = shuffle.aggregator?.mapSide === true ? this.#aggregator(shuffle.aggregator, shuffle, partition, 'map') : undefined
    return this.#done(input, { to: 'shuffle', partitions: target.partitions, partitioning: this.#partitioning(target, shuffle, partition), ...(aggregator && { aggregator }) })
  }

  #done(input: Input, sink: Sink): TaskDescription {
    return { input, sink, slots: this.#slots, fns: this.#fns, origins: this.#origins, countedFor: this.#countedFor, slabs: this.#slabs, files: this.#files, stores: this.#stores, keeps: this.#stores.size > 0 || sink.to === 'keep' }
  }

  #slot(data: unknown): number {
    return this.#slots.push(data) - 1
  }

  #blockSlot(blocks: readonly BlockRef[]): number {
    return this.#slot(this.#read(blocks))
  }

  #read(blocks: readonly BlockRef[]): readonly BlockRef[] {
    for (const ref of blocks) {
      if (ref.file === undefined) this.#slabs.add(ref.slab)
      else this.#files.add(ref.file)
    }
    return blocks
  }

  #keepSlot(input: KeepInput): number {
    for (const blocks of input.lists) this.#read(blocks)
    if (input.log === undefined) return this.#slot(input)
    const { log } = input
    addSlabs(log.refs, this.#slabs)
    return this.#slot({ ...input, log })
  }

  /** The index of a function. One that counts has a new one each time: what a task computes twice it must count apart. */
  #fn(fn: PlanFunction, plan: Plan, partition: number, use: Use): number {
    const counted = countsIn(fn, this.#counts)
    const known = counted ? undefined : this.#index.get(fn)
    if (known !== undefined) return known
    const entry = fn.kind === 'user' ? fn : { kind: 'builtin' as const, name: fn.name, args: fn.args, fns: fn.fns.map(inner => this.#fn(inner, plan, partition, use)) }
    const index = this.#fns.push(entry) - 1
    this.#origins.push(userIn(fn) ?? plan)
    if (counted) this.#countedFor[index] = `${use} ${plan.id} ${partition}`
    else this.#index.set(fn, index)
    return index
  }

  /** Often one function is all three. */
  #aggregator(aggregator: PlanAggregator, plan: Plan, partition: number, use: Use): Aggregator {
    const { create, merge, mergeCombiners } = aggregator
    const index = new Map([...new Set([create, merge, mergeCombiners])].map(fn => [fn, fn && this.#fn(fn, plan, partition, use)]))
    return { ...(create && { create: index.get(create)! }), merge: index.get(merge)!, mergeCombiners: index.get(mergeCombiners)! }
  }

  #partitioning(target: Partitioning, plan: Plan, partition: number): PartitioningShape {
    switch (target.by) {
      case 'hash': case 'roundRobin': return { by: target.by }
      case 'range': return { by: 'range', bounds: this.#blockSlot(this.#blocks.literal(plan, 0, present(target.bounds, 'the bounds of a resolved sort'))), ascending: target.ascending }
      case 'custom': return { by: 'custom', fn: this.#fn(target.fn, plan, partition, 'map') }
    }
  }

  /** The records of a partition of a plan: kept blocks, or computed (and kept, where it is persisted). Chains are long: they are walked in a loop. */
  #input(root: Plan, index: number): Input {
    const chain: { readonly plan: Plan; readonly partition: number }[] = []
    let input: Input | undefined
    for (let [plan, partition] = [root, index]; input === undefined;) {
      const kept = plan.storage === 'none' ? undefined : this.#blocks.kept(plan, partition)
      if (kept !== undefined) {
        input = this.#kept(plan, kept)
        break
      }
      chain.push({ plan, partition })
      if (plan.kind === 'pipeline' && plan.skips?.(partition) === true) input = { from: 'blocks', slot: this.#blockSlot([]) }
      else if (plan.kind === 'pipeline') plan = plan.parent
      else if (plan.kind === 'union' && !plan.aligned) [plan, partition] = memberOf(plan, partition)
      else if (plan.kind === 'coalesce' && isSingle(plan, partition)) [plan, partition] = [plan.parent, groupOf(plan, partition)[0]]
      else input = this.#nested(plan, partition)
    }
    const steps: Step[] = []
    for (const { plan, partition } of chain.toReversed()) {
      if (plan.kind === 'pipeline') {
        const combined: Input | undefined = steps.length === 0 ? this.#combinedBlocks(input, plan, partition) : undefined
        input = combined ?? input
        if (combined === undefined) for (const step of plan.steps) steps.push(this.#step(step, plan, partition))
      }
      const where = plan.storage === 'none' ? undefined : this.#blocks.whereToKeep(plan)
      if (where === undefined) continue
      const slot = this.#slot(where)
      this.#stores.set(slot, { plan, partition, where })
      steps.push({ op: 'store', slot })
    }
    return piped(input, steps)
  }

  #kept(plan: Plan, { id, blocks }: KeptPartition): Input {
    if (!traitsOf(plan.storage).objects) return { from: 'blocks', slot: this.#blockSlot(blocks) }
    const partition: PersistedSlot = { id, rdd: plan.id, blocks: this.#read(blocks) }
    return { from: 'persisted', slot: this.#slot([partition]) }
  }

  /** Inputs of inputs end in functions of functions: there is a limit to that. */
  #nested(plan: Exclude<Plan, PipelinePlan>, partition: number): Input {
    if (++this.#depth > maxNestedInputs) throw engineErrors.RIV_LINEAGE_DEPTH(plan.op, plan.site.place, maxNestedInputs)
    const input = this.#computed(plan, partition)
    this.#depth--
    return input
  }

  #computed(plan: Exclude<Plan, PipelinePlan>, partition: number): Input {
    switch (plan.kind) {
      case 'source': {
        const source = present(present(plan.partitions, 'the partitions of a resolved source')[partition], 'a partition of a source')
        switch (source.kind) {
          case 'records': return { from: 'blocks', slot: this.#blockSlot(this.#blocks.literal(plan, partition, source.records)) }
          case 'blocks': case 'lines': return { from: source.kind, slot: this.#blockSlot(source.blocks) }
          case 'range': return { from: 'range', slot: this.#slot(source.range) }
          case 'fileLines': return { from: 'fileLines', slot: this.#slot(source.file) }
          case 'kept': return { from: 'kept', slot: this.#keepSlot(source.input), fn: this.#fn(source.read, plan, partition, 'rows') }
          case 'part': return { from: 'read', slot: this.#slot(source.part), fn: this.#fn(source.read, plan, partition, 'rows') }
        }
      }
      case 'shuffle': {
        const slot = this.#blockSlot(this.#blocks.shuffled(plan, partition))
        const { aggregator } = plan
        return { from: 'shuffle', slot, combined: aggregator?.mapSide === true, ...(aggregator && { aggregator: this.#aggregator(aggregator, plan, partition, 'rows') }) }
      }
      case 'union': return this.#concat(plan.parents.map(parent => this.#input(parent, partition))) // aligned
      case 'coalesce': {
        const [from, to] = groupOf(plan, partition)
        return this.#concat(Array.from({ length: to - from }, (_, i) => this.#input(plan.parent, from + i)))
      }
      case 'zip': return { from: 'zip', inputs: plan.parents.map(parent => this.#input(parent, partition)), fn: this.#fn(plan.fn, plan, partition, 'rows') }
      case 'cartesian': {
        const rights = present(partitionCount(plan.right), 'the partition count of a resolved plan')
        return { from: 'cartesian', left: this.#input(plan.left, Math.floor(partition / rights)), right: this.#input(plan.right, partition % rights) }
      }
    }
  }

  /** A window's panes are blocks of pairs: combining them reads columns, as a shuffle does, and needs no pair made. */
  #combinedBlocks(input: Input, plan: PipelinePlan, partition: number): Input | undefined {
    const [step] = plan.steps
    if (input.from !== 'blocks' || plan.steps.length !== 1 || step!.fn.kind !== 'builtin' || step!.fn.name !== 'combinePartition') return undefined
    const [merge, mergeCombiners, create] = step!.fn.fns
    return { from: 'shuffle', slot: input.slot, combined: false, aggregator: this.#aggregator({ ...(create && { create }), merge: merge!, mergeCombiners: mergeCombiners!, mapSide: false }, plan, partition, 'rows') }
  }

  #step(step: PlanStep, plan: Plan, partition: number): Step {
    const fn = this.#fn(step.fn, plan, partition, 'rows')
    return step.op === 'mapPartitions' && step.fn.kind === 'builtin' ? { ...step, fn, partition: this.#slot(partition) } : { ...step, fn }
  }

  /** Inputs one after the other. Where all are blocks they become one slot, so that a window over 3 000 panes has the shape of one over 3. */
  #concat(inputs: readonly Input[]): Input {
    const [first] = inputs
    if (inputs.length === 1) return first!
    if (first === undefined || (first.from !== 'blocks' && first.from !== 'persisted') || !inputs.every(input => input.from === first.from)) return { from: 'concat', inputs }
    const slots = inputs.map(input => (input as typeof first).slot)
    const merged = slots.flatMap(slot => this.#slots[slot] as unknown[])
    this.#slots.length = Math.min(...slots) // the merged slots are the last ones made
    return { from: first.from, slot: this.#slot(merged) }
  }
}

/** Whether a function, or one in it, counts. */
function countsIn(fn: PlanFunction, counts: (fn: UserFunction) => boolean): boolean {
  return fn.kind === 'user' ? counts(fn) : fn.fns.some(inner => countsIn(inner, counts))
}

/** The user's function in a function of ours: what throws there is theirs. */
function userIn(fn: PlanFunction): UserFunction | undefined {
  return fn.kind === 'user' ? fn : fn.fns.map(userIn).find(found => found !== undefined)
}

/** The parent of a union that holds a partition, and which of the parent's it is. */
export function memberOf({ parents }: UnionPlan, partition: number): [Plan, number] {
  let index = partition
  for (const parent of parents) {
    const count = present(partitionCount(parent), 'the partition count of a resolved plan')
    if (index < count) return [parent, index]
    index -= count
  }
  throw new Error(`Rivulet bug: partition ${partition} of a union does not exist`)
}

/** The partitions of the parent that a coalesced one holds: from the first up to before the second. */
export function groupOf({ parent, partitions }: CoalescePlan, partition: number): [from: number, to: number] {
  const count = present(partitionCount(parent), 'the partition count of a resolved plan')
  const border = (i: number): number => Math.floor((i * count) / Math.min(count, partitions))
  return [border(partition), border(partition + 1)]
}

function isSingle(plan: CoalescePlan, partition: number): boolean {
  const [from, to] = groupOf(plan, partition)
  return to - from === 1
}

function piped(input: Input, steps: readonly Step[]): Input {
  if (steps.length === 0) return input
  return input.from === 'pipe' ? { from: 'pipe', input: input.input, steps: [...input.steps, ...steps] } : { from: 'pipe', input, steps }
}
