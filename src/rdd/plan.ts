// The lineage graph: what an RDD is computed from. It describes and never runs.
//
// - Seven node kinds carry every operation: source, pipeline, union, coalesce, zip, cartesian, shuffle. Everything else is a composition of them.
// - Persisting is an annotation (`storage`), not a node.
// - A node made while a batch runs belongs to that batch's scope; what the engine holds for it goes when the scope is released.

import type { CallSite } from '../base/call-site.ts'
import type { CapturedFunction } from '../wire/closure/capture.ts'
import type { BlockRef } from '../wire/slab/block-ref.ts'
import type { FileSlot, RangeSlot } from '../wire/shape.ts'
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
  | { readonly by: 'range'; readonly partitions: number; readonly bounds: readonly unknown[]; readonly ascending: boolean }
  | { readonly by: 'custom'; readonly partitions: number; readonly partitioner: CustomPartitioner; readonly fn: PlanFunction }
  | { readonly by: 'roundRobin'; readonly partitions: number }

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
  /** The keys' partitioning, where it is known. */
  readonly partitioning?: Partitioning
  /** The batch to which the node belongs, if it was made while one ran. */
  readonly scope?: PlanScope
}

export interface SourcePlan extends PlanBase {
  readonly kind: 'source'
  /** Known after `resolve`. */
  partitions: readonly SourcePartition[] | undefined
  /** Finds the partitions (lists files, asks for offsets); runs in the driver when a job is planned. */
  readonly resolve?: () => Promise<readonly SourcePartition[]>
}

export interface PipelinePlan extends PlanBase {
  readonly kind: 'pipeline'
  readonly parent: Plan
  /** Set from the start, or by `resolve` when a job is planned; then `resolve` is gone. */
  steps: readonly PlanStep[]
  resolve?: FindSteps
}

/** Finds steps when a job is planned (numbering records counts them first); the parents of its node are resolved by then. */
export type FindSteps = (signal?: AbortSignal) => Promise<readonly PlanStep[]>

export interface UnionPlan extends PlanBase {
  readonly kind: 'union'
  readonly parents: readonly Plan[]
  /** Aligned: partition i is the concatenation of the parents' partitions i. Otherwise the parents' partitions follow each other. */
  readonly aligned: boolean
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
  /** Set from the start, or by `resolve` when a job is planned (sorting samples its parent for the bounds). */
  target: Partitioning | undefined
  /** The number of partitions, where it is known before the target is. */
  readonly partitions?: number
  readonly resolve?: FindPartitioning
}

/** Finds a partitioning when a job is planned; the parents of its node are resolved by then. It may run jobs of its own. */
export type FindPartitioning = (signal?: AbortSignal) => Promise<Partitioning>

export type Plan = SourcePlan | PipelinePlan | UnionPlan | CoalescePlan | ZipPlan | CartesianPlan | ShufflePlan

/** Where results of an action go. */
export type PlanSink =
  | { readonly to: 'collect'; readonly limit?: number }
  | { readonly to: 'count' }
  | { readonly to: 'reduce'; readonly fn: PlanFunction }
  | { readonly to: 'foreach'; readonly fn: PlanFunction }
  | { readonly to: 'partition'; readonly fn: PlanFunction }
  | { readonly to: 'drain' }

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
  if (plan.kind === 'shuffle') return plan.target?.partitions ?? plan.partitions
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

/** Whether two partitionings put equal keys into equal partitions. */
export function samePartitioning(a: Partitioning | undefined, b: Partitioning | undefined): boolean {
  if (a === undefined || b === undefined || a.partitions !== b.partitions) return false
  if (a.by === 'hash') return b.by === 'hash'
  if (a.by === 'custom') return b.by === 'custom' && a.partitioner.equals(b.partitioner)
  return a === b
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
  for (const node of lineage(plan)) {
    if (node.kind === 'zip') zips.push(node)
    if ((node.kind === 'source' && node.partitions === undefined) || (node.kind === 'shuffle' && node.target === undefined) || (node.kind === 'pipeline' && node.resolve !== undefined)) waiting.push(node)
  }
  const check = (): void => { for (const zip of zips) checkZip(zip) }
  if (waiting.length > 0) return resolveAll(waiting, signal).then(check)
  check()
  return undefined
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
    } else if (node.kind === 'shuffle' && node.target === undefined) {
      const target = await node.resolve!(signal)
      node.target ??= target
    } else if (node.kind === 'pipeline' && node.resolve !== undefined) {
      const steps = await node.resolve(signal)
      if (node.resolve !== undefined) node.steps = steps
      delete node.resolve
    }
  }
}
