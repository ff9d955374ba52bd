// The lineage graph: what an RDD is computed from. It describes and never runs.
//
// - Seven node kinds carry every operation: source, pipeline, union, coalesce, zip, cartesian, shuffle. Everything else is a composition of them.
// - Persisting is an annotation (`storage`), not a node.
// - A node made while a batch runs belongs to that batch's scope; what the engine holds for it goes when the scope is released.

import type { CallSite } from '../base/call-site.ts'
import { maxPartitions } from '../base/limits.ts'
import type { CapturedFunction } from '../wire/closure/capture.ts'
import { compareValues } from '../wire/key/compare.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { FileSlot, KeepInput, RangeSlot } from '../wire/shape.ts'
import { rddErrors } from './errors.ts'
import type { StorageLevel } from './storage-level.ts'

/** A function in a plan: the user's, or one of the kernel's own by name. */
export type PlanFunction = UserFunction | BuiltinFunction

/** A function the user gave to an operator. */
export interface UserFunction {
  readonly kind: 'user'
  readonly fn: (...args: never[]) => unknown
  /** The operator it was given to, for messages. */
  readonly op: string
  readonly site: CallSite
  /** Captured for good (D-Stream operators, at start); otherwise captured at each action. */
  frozen?: CapturedFunction
}

/** An export of kernel/functions; `args` is plain data, `fns` are functions it calls. */
export interface BuiltinFunction {
  readonly kind: 'builtin'
  readonly name: string
  readonly args: readonly unknown[]
  readonly fns: readonly PlanFunction[]
}

/** One operation of a pipeline. */
export type PlanStep =
  | { readonly op: 'map' | 'filter' | 'flatMap' | 'mapValues' | 'flatMapValues' | 'mapPartitions'; readonly fn: PlanFunction }
  | { readonly op: 'mapAsync'; readonly fn: PlanFunction; readonly concurrency: number; readonly ordered: boolean; readonly timeoutMs: number }

/** How the values of a key are combined; `mapSide` combines before the exchange too. */
export interface PlanAggregator {
  readonly create?: PlanFunction
  readonly merge: PlanFunction
  readonly mergeCombiners: PlanFunction
  readonly mapSide: boolean
}

/** How keys are spread over partitions. Two RDDs with equal partitionings have equal keys in equal partitions. */
export type Partitioning =
  | { readonly by: 'hash'; readonly partitions: number }
  | RangePartitioning
  | { readonly by: 'custom'; readonly partitions: number; readonly partitioner: CustomPartitioner; readonly fn: PlanFunction }
  | { readonly by: 'roundRobin'; readonly partitions: number }

/** Partition i holds the keys up to bounds[i], the last one the rest; descending, counted from the end. A sort finds the bounds when a job is planned. */
export interface RangePartitioning { readonly by: 'range'; readonly partitions: number; bounds: readonly unknown[] | undefined; readonly ascending: boolean }

/** A user's partitioner, as plans compare it. */
export interface CustomPartitioner { equals(other: object): boolean }

/** The records of one partition of a source. */
export type SourcePartition =
  | { readonly kind: 'records'; readonly records: readonly unknown[] }
  | { readonly kind: 'blocks'; readonly blocks: readonly BlockRef[] }
  | { readonly kind: 'lines'; readonly blocks: readonly BlockRef[] }
  | { readonly kind: 'range'; readonly range: RangeSlot }
  | { readonly kind: 'fileLines'; readonly file: FileSlot }
  | { readonly kind: 'part'; readonly part: unknown; readonly read: PlanFunction }
  /** What a `keep` sink wrote, read by a function of the library. */
  | { readonly kind: 'kept'; readonly input: KeepInput; readonly read: BuiltinFunction }

/** What every node has. */
export interface PlanBase {
  readonly id: number
  /** The operator's name, for messages and toDebugString. */
  readonly op: string
  readonly site: CallSite
  /** Set by setName(). */
  name?: string
  /** Set by checkpoint() and localCheckpoint(), which has no folder. */
  checkpoint?: { readonly folder?: string; state: 'marked' | 'running' | 'done' }
  /** Set by persist(); 'none' otherwise. */
  storage: StorageLevel
  /** The batch to which the node belongs, if it was made while one ran. */
  readonly scope?: PlanScope
}

export interface SourcePlan extends PlanBase {
  readonly kind: 'source'
  /** Known after `resolve`. */
  partitions: readonly SourcePartition[] | undefined
  /** Finds the partitions (lists files, asks for offsets); runs in the driver when a job is planned. */
  readonly resolve?: () => Promise<readonly SourcePartition[]>
  /** How its keys are known to be spread. */
  readonly partitioning?: Partitioning
}

export interface PipelinePlan extends PlanBase {
  readonly kind: 'pipeline'
  readonly parent: Plan
  /** Set from the start, or by `resolve` when a job is planned; then `resolve` is gone. */
  steps: readonly PlanStep[]
  resolve?: FindSteps
  /** Keys stay as they are, so that the parent's partitioning holds on. */
  readonly keepsKeys: boolean
  /** Partitions of which nothing would be left need not be computed; asked once the parents are resolved. */
  readonly skips?: (partition: number) => boolean
}

/** Finds steps when a job is planned (numbering records counts them first); the parents of its node are resolved by then. */
export type FindSteps = (signal?: AbortSignal) => Promise<readonly PlanStep[]>

export interface UnionPlan extends PlanBase {
  readonly kind: 'union'
  readonly parents: readonly Plan[]
  /** Aligned: partition i is the concatenation of the parents' partitions i. Otherwise the parents' partitions follow each other. Undefined until the parents' partitionings are known. */
  aligned: boolean | undefined
}

/** The parent's partitions in fewer groups, without an exchange. */
export interface CoalescePlan extends PlanBase {
  readonly kind: 'coalesce'
  readonly parent: Plan
  /** Most groups; a parent with fewer partitions keeps them. */
  readonly partitions: number
}

/** A function of the partitions i of all parents gives partition i. The parents have equally many, which is checked when a job is planned. */
export interface ZipPlan extends PlanBase {
  readonly kind: 'zip'
  readonly parents: readonly Plan[]
  readonly fn: PlanFunction
  /** Keys are those of the first parent. */
  readonly keepsKeys: boolean
}

/** Every pair of a left and a right record; partition `i·n + j` holds those of left i and right j, where the right has n. */
export interface CartesianPlan extends PlanBase {
  readonly kind: 'cartesian'
  readonly left: Plan
  readonly right: Plan
}

export interface ShufflePlan extends PlanBase {
  readonly kind: 'shuffle'
  readonly parent: Plan
  readonly aggregator?: PlanAggregator
  /** Where keys go; undefined until it is known. */
  readonly target: Partitioning | undefined
  /** Until a job is planned: finds what the node becomes. That is a shuffle whose target is known, or where keys prove to sit right already a pipeline; of several parents their zip. */
  readonly resolve?: FindPlan
}

/** Finds a plan when a job is planned; the parents of its node are resolved by then. It may run jobs of its own (sorting samples its parent). */
export type FindPlan = (signal?: AbortSignal) => Promise<Plan>

export type Plan = SourcePlan | PipelinePlan | UnionPlan | CoalescePlan | ZipPlan | CartesianPlan | ShufflePlan

/** Where results of an action go. */
export type PlanSink =
  | { readonly to: 'collect'; readonly limit?: number }
  | { readonly to: 'count' }
  | { readonly to: 'reduce'; readonly fn: PlanFunction }
  | { readonly to: 'foreach'; readonly fn: PlanFunction }
  | { readonly to: 'partition'; readonly fn: PlanFunction }
  | { readonly to: 'drain' }
  /** Blocks that stay until the caller releases them, made by a function of the library from the records and the partition's input. */
  | { readonly to: 'keep'; readonly fn: BuiltinFunction; readonly inputs: readonly KeepInput[] }

/** A lifetime to which plan nodes belong: a batch. Released once; what the engine holds for its nodes goes then. */
export class PlanScope {
  readonly #release: (() => void)[] = []
  released = false

  /** Calls back when the scope is released; at once if it is already. */
  onRelease(callback: () => void): void {
    if (this.released) callback()
    else this.#release.push(callback)
  }

  release(): void {
    if (this.released) return
    this.released = true
    for (const callback of this.#release.splice(0)) callback()
  }
}

let lastId = 0
/** A fresh node id; ids increase in the order of construction. */
export const nextPlanId = (): number => ++lastId

/** Counts that are known: they do not change any more, and a deep lineage is not walked again for each of its nodes. */
const counts = new WeakMap<Plan, number>()

/** The number of partitions, or undefined while a node of the plan is unresolved. */
export function partitionCount(plan: Plan): number | undefined {
  const known = counts.get(plan)
  if (known !== undefined) return known
  for (const node of parentsFirst(plan, each => (counts.has(each) ? [] : countedParents(each)))) {
    const count = counts.get(node) ?? ownCount(node)
    if (count !== undefined) counts.set(node, count)
  }
  return counts.get(plan)
}

/** The parents on which a node's count depends. */
function countedParents(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'source': case 'shuffle': return []
    case 'zip': return plan.parents.slice(0, 1)
    case 'union': return plan.aligned ? plan.parents.slice(0, 1) : plan.parents
    case 'pipeline': case 'coalesce': case 'cartesian': return parentsOf(plan)
  }
}

/** The count of a node whose parents' counts have been looked for. */
function ownCount(plan: Plan): number | undefined {
  if (plan.kind === 'source') return plan.partitions?.length
  if (plan.kind === 'shuffle') return plan.target?.partitions
  if (plan.kind === 'union' && plan.aligned === undefined) return undefined
  const parents: number[] = []
  for (const parent of countedParents(plan)) {
    const count = counts.get(parent)
    if (count === undefined) return undefined
    parents.push(count)
  }
  switch (plan.kind) {
    case 'union': return parents.reduce((sum, count) => sum + count, 0)
    case 'coalesce': return Math.min(parents[0]!, plan.partitions)
    case 'cartesian': return parents[0]! * parents[1]!
    case 'pipeline': case 'zip': return parents[0]
  }
}

/** The nodes a node is computed from directly. */
export function parentsOf(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'source': return []
    case 'pipeline': case 'coalesce': case 'shuffle': return [plan.parent]
    case 'union': case 'zip': return plan.parents
    case 'cartesian': return [plan.left, plan.right]
  }
}

/** How a node's keys are spread: undefined where they are anywhere, `unresolved` until a job is planned. */
export function keyPartitioning(plan: Plan): Partitioning | 'unresolved' | undefined {
  for (let node = plan; ;) {
    switch (node.kind) {
      case 'source': return node.partitioning
      case 'shuffle': return node.target === undefined ? 'unresolved' : node.target.by === 'roundRobin' ? undefined : node.target
      case 'coalesce': case 'cartesian': return undefined
      case 'union':
        if (node.aligned !== true) return node.aligned === undefined ? 'unresolved' : undefined
        node = node.parents[0]!
        break
      case 'pipeline': case 'zip':
        if (!node.keepsKeys) return undefined
        node = node.kind === 'pipeline' ? node.parent : node.parents[0]!
    }
  }
}

/** Whether two partitionings put equal keys into equal partitions. */
export function samePartitioning(a: Partitioning | 'unresolved' | undefined, b: Partitioning | 'unresolved' | undefined): boolean {
  if (a === undefined || b === undefined || a === 'unresolved' || b === 'unresolved' || a.partitions !== b.partitions) return false
  if (a === b) return a.by !== 'roundRobin'
  switch (a.by) {
    case 'hash': return b.by === 'hash'
    case 'custom': return b.by === 'custom' && a.partitioner.equals(b.partitioner)
    case 'range': return b.by === 'range' && a.ascending === b.ascending && a.bounds !== undefined && b.bounds !== undefined && a.bounds.length === b.bounds.length && compareValues(a.bounds, b.bounds) === 0
    case 'roundRobin': return false
  }
}

/** Whether records of the parents meet partition by partition: undefined until their partitionings are known. */
export function alignment(parents: readonly Plan[]): boolean | undefined {
  let unresolved = false
  let first: Partitioning | undefined
  for (const parent of parents) {
    const partitioning = keyPartitioning(parent)
    if (partitioning === undefined) return false
    if (partitioning === 'unresolved') unresolved = true
    else if (first === undefined) first = partitioning
    else if (!samePartitioning(first, partitioning)) return false
  }
  return unresolved ? undefined : first !== undefined
}

/** Puts a plan in the place of another: the node stays the same for its children, and keeps its number, name, storage and batch. */
export function become(node: Plan, plan: Plan): void {
  const { id, op, name, site, storage, scope, checkpoint } = node
  const common: PlanBase = { id, op, site, storage, ...(name !== undefined && { name }), ...(scope && { scope }), ...(checkpoint && { checkpoint }) }
  for (const key of Object.keys(node)) delete (node as unknown as Record<string, unknown>)[key]
  Object.assign(node, plan, common)
}

/** Every node that a plan is computed from, and the plan itself: once each, parents first. */
export const lineage = (plan: Plan): ReadonlySet<Plan> => parentsFirst(plan, parentsOf)

/** The nodes that `parents` leads to from a plan, and the plan itself: once each, parents first. Lineages are deep, so that nothing here calls itself. */
function parentsFirst(plan: Plan, parents: (node: Plan) => readonly Plan[]): ReadonlySet<Plan> {
  const nodes = new Set<Plan>()
  const entered = new Set<Plan>()
  const stack = [plan]
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (nodes.has(node) || entered.has(node)) {
      nodes.add(node)
      stack.pop()
    } else {
      entered.add(node)
      for (const parent of parents(node).toReversed()) stack.push(parent)
    }
  }
  return nodes
}

/** Visits a plan and the nodes it is computed from, once each, children first; nothing below a node for which `visit` says false. */
export function visitLineage(plan: Plan, visit: (node: Plan) => boolean): void {
  const seen = new Set<Plan>()
  const stack = [plan]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (visit(node)) for (const parent of parentsOf(node).toReversed()) stack.push(parent)
  }
}

/** Resolves whatever in the plan is not known yet, and checks it; returns undefined when nothing has to be waited for. */
export function resolvePlan(plan: Plan, signal?: AbortSignal): Promise<void> | undefined {
  const waiting: Plan[] = []
  const zips: ZipPlan[] = []
  const many: Plan[] = []
  for (const node of lineage(plan)) {
    if (node.kind === 'zip') zips.push(node)
    if (node.kind === 'union' || node.kind === 'cartesian') many.push(node)
    const { kind } = node
    if ((kind === 'source' && node.partitions === undefined) || ((kind === 'shuffle' || kind === 'pipeline') && node.resolve !== undefined) || (kind === 'union' && node.aligned === undefined)) waiting.push(node)
  }
  const check = (): void => {
    for (const zip of zips) checkZip(zip)
    for (const node of many) checkCount(node)
  }
  if (waiting.length > 0) return resolveAll(waiting, signal).then(check)
  check()
  return undefined
}

function checkCount(plan: Plan): void {
  const count = partitionCount(plan)
  if (count !== undefined && count > maxPartitions) throw rddErrors.RIV_PARTITION_LIMIT(plan.op, plan.site.place, count, maxPartitions)
}

function checkZip({ op, site, parents }: ZipPlan): void {
  const counts = parents.map(parent => partitionCount(parent))
  if (counts.some(count => count !== counts[0])) throw rddErrors.RIV_ZIP_PARTITIONS(op, site.place, counts.join(' and '))
}

/** Two actions may resolve a node at once: the first answer stands. */
async function resolveAll(nodes: readonly Plan[], signal: AbortSignal | undefined): Promise<void> {
  for (const node of nodes) { // parents first
    signal?.throwIfAborted()
    if (node.kind === 'source' && node.partitions === undefined) {
      const partitions = await node.resolve!()
      node.partitions ??= partitions
    } else if (node.kind === 'union') {
      node.aligned ??= alignment(node.parents)
    } else if (node.kind === 'shuffle' && node.resolve !== undefined) {
      const found = await node.resolve(signal)
      if (node.resolve !== undefined) become(node, found)
    } else if (node.kind === 'pipeline' && node.resolve !== undefined) {
      const steps = await node.resolve(signal)
      if (node.resolve !== undefined) node.steps = steps
      delete node.resolve
    }
  }
}
