// Makes plan nodes. The rungs of RDD and the D-Stream operators describe with these; nobody else builds nodes.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallSite } from '../base/call-site.ts'
import type * as library from '../kernel/functions.ts'
import { showRecord } from '../wire/remote-error.ts'
import { rddErrors } from './errors.ts'
import { alignment, keyPartitioning, nextPlanId, samePartitioning } from './plan.ts'
import type {
  BuiltinFunction, CartesianPlan, CoalescePlan, FindPlan, FindSteps, Partitioning, PipelinePlan, Plan, PlanAggregator, PlanFunction, PlanScope, PlanStep, ShufflePlan, SourcePartition, SourcePlan,
  UnionPlan, UserFunction, ZipPlan,
} from './plan.ts'

/** The names of kernel/functions. */
export type LibraryFunction = keyof typeof library

const scopes = new AsyncLocalStorage<PlanScope | undefined>()

/** Runs `body`; every node made in it, across awaits and until the scope is released, belongs to `scope` (undefined: to none). */
export function inScope<R>(scope: PlanScope | undefined, body: () => R): R {
  return scopes.run(scope, body)
}

/** A user's function as it stands in a plan. */
export function userFunction(fn: (...args: never[]) => unknown, op: string, site: CallSite): UserFunction {
  if (typeof fn !== 'function') throw rddErrors.RIV_NOT_A_FUNCTION(op, site.place, showRecord(fn))
  return { kind: 'user', fn, op, site }
}

/** An export of kernel/functions as it stands in a plan. */
export const builtin = (name: LibraryFunction, args: readonly unknown[] = [], fns: readonly PlanFunction[] = []): BuiltinFunction => ({ kind: 'builtin', name, args, fns })

interface Common { id: number; op: string; site: CallSite; storage: 'none'; scope?: PlanScope }
const common = (op: string, site: CallSite): Common => {
  const scope = scopes.getStore()
  return scope === undefined || scope.released ? { id: nextPlanId(), op, site, storage: 'none' } : { id: nextPlanId(), op, site, storage: 'none', scope }
}

/** A source whose partitions are known. */
export function source(op: string, site: CallSite, partitions: readonly SourcePartition[], partitioning?: Partitioning): SourcePlan {
  return { kind: 'source', ...common(op, site), partitions, ...(partitioning && { partitioning }) }
}

/** A source whose partitions are found when a job is planned. */
export function lazySource(op: string, site: CallSite, resolve: () => Promise<readonly SourcePartition[]>): SourcePlan {
  return { kind: 'source', ...common(op, site), partitions: undefined, resolve }
}

/** Operations on the records of a parent; `keepsKeys` says that keys stay as they are, so that its partitioning holds on. */
export function pipeline(parent: Plan, op: string, site: CallSite, steps: readonly PlanStep[], keepsKeys = false): PipelinePlan {
  return { kind: 'pipeline', ...common(op, site), parent, steps, keepsKeys }
}

/** A pipeline whose steps are found when a job is planned. */
export function lazyPipeline(parent: Plan, op: string, site: CallSite, resolve: FindSteps, keepsKeys = false): PipelinePlan {
  return { kind: 'pipeline', ...common(op, site), parent, steps: [], resolve, keepsKeys }
}

/** The records of several parents. Equal partitionings make it aligned, and keep the partitioning. */
export function union(parents: readonly Plan[], op: string, site: CallSite): UnionPlan {
  return { kind: 'union', ...common(op, site), parents, aligned: alignment(parents) }
}

/** The partitions of a parent in at most so many groups of neighbours. */
export function coalesce(parent: Plan, op: string, site: CallSite, partitions: number): CoalescePlan {
  return { kind: 'coalesce', ...common(op, site), parent, partitions }
}

/** A function of the partitions i of several parents; `keepsKeys` says that the keys are those of the first one. */
export function zip(parents: readonly Plan[], op: string, site: CallSite, fn: PlanFunction, keepsKeys = false): ZipPlan {
  return { kind: 'zip', ...common(op, site), parents, fn, keepsKeys }
}

/** Every pair of records of two parents. */
export function cartesian(left: Plan, right: Plan, op: string, site: CallSite): CartesianPlan {
  return { kind: 'cartesian', ...common(op, site), left, right }
}

/** An exchange: pairs (or, round robin, any records) go to the partition of their key. */
export function shuffle(parent: Plan, op: string, site: CallSite, target: Partitioning, aggregator?: PlanAggregator): ShufflePlan {
  return { kind: 'shuffle', ...common(op, site), parent, target, ...(aggregator && { aggregator }) }
}

/** An exchange of which not everything is known before a job is planned: `target` is, where its keys' partitioning is. The aggregator is that of what it becomes. */
export function lazyShuffle(parent: Plan, op: string, site: CallSite, resolve: FindPlan, target: Partitioning | undefined, aggregator?: PlanAggregator): ShufflePlan {
  const node = { kind: 'shuffle' as const, ...common(op, site), parent, target, ...(aggregator && { aggregator }) }
  return { ...node, resolve: signal => inScope(node.scope, () => resolve(signal)) }
}

/** The pairs of a plan in the partitions of their keys: the plan itself where they sit there already. */
export const moved = (plan: Plan, op: string, site: CallSite, target: Partitioning): Plan => (samePartitioning(keyPartitioning(plan), target) ? plan : shuffle(plan, op, site, target))

/** A partitioning, or how it is found when a job is planned. */
export type Target = Partitioning | (() => Partitioning)

/**
 * What `build` makes of the target, now or, where a partitioning is not known yet, when a job is planned. Whether keys already sit where
 * they are wanted, so that nothing has to move, shows only when both are known.
 */
export function onceKnown(parents: readonly Plan[], op: string, site: CallSite, target: Target, aggregator: PlanAggregator | undefined, build: (target: Partitioning) => Plan): Plan {
  const lazyTarget = typeof target === 'function'
  if (!lazyTarget && parents.every(parent => keyPartitioning(parent) !== 'unresolved')) return build(target)
  return lazyShuffle(parents.length === 1 ? parents[0]! : union(parents, op, site), op, site, async () => build(lazyTarget ? target() : target), lazyTarget ? undefined : target, aggregator)
}

/**
 * Combines the values of each key. Where the parent's keys already sit where `target` wants them no exchange is needed:
 * the same aggregation runs inside the partition.
 */
export function combine(parent: Plan, op: string, site: CallSite, target: Target, aggregator: PlanAggregator): Plan {
  return onceKnown([parent], op, site, target, aggregator, known => {
    if (!samePartitioning(keyPartitioning(parent), known)) return shuffle(parent, op, site, known, aggregator)
    const { merge, mergeCombiners, create } = aggregator
    const fns = create === undefined ? [merge, mergeCombiners] : [merge, mergeCombiners, create]
    return pipeline(parent, op, site, [{ op: 'mapPartitions', fn: builtin('combinePartition', [], fns) }], true)
  })
}
