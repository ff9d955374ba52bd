// Makes plan nodes. The rungs of RDD and the D-Stream operators describe with these; nobody else builds nodes.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { CallSite } from '../base/call-site.ts'
import type * as library from '../kernel/functions.ts'
import { showRecord } from '../wire/remote-error.ts'
import { rddErrors } from './errors.ts'
import { nextPlanId, partitionCount, samePartitioning } from './plan.ts'
import type {
  BuiltinFunction, CartesianPlan, CoalescePlan, FindPartitioning, FindSteps, Partitioning, PipelinePlan, Plan, PlanAggregator, PlanFunction, PlanScope, PlanStep, ShufflePlan, SourcePartition, SourcePlan,
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

/** Operations on the records of a parent; `keepsKeys` says that keys stay as they are, so that a known partitioning holds on. */
export function pipeline(parent: Plan, op: string, site: CallSite, steps: readonly PlanStep[], keepsKeys = false): PipelinePlan {
  return { kind: 'pipeline', ...common(op, site), parent, steps, ...(keepsKeys && parent.partitioning && { partitioning: parent.partitioning }) }
}

/** A pipeline whose steps are found when a job is planned. */
export function lazyPipeline(parent: Plan, op: string, site: CallSite, resolve: FindSteps): PipelinePlan {
  return { kind: 'pipeline', ...common(op, site), parent, steps: [], resolve }
}

/** The records of several parents. Equal partitionings make it aligned, and keep the partitioning. */
export function union(parents: readonly Plan[], op: string, site: CallSite): UnionPlan {
  const first = parents[0]?.partitioning
  const aligned = parents.length > 0 && first !== undefined && parents.every(p => samePartitioning(p.partitioning, first) && partitionCount(p) === first.partitions)
  return { kind: 'union', ...common(op, site), parents, aligned, ...(aligned && { partitioning: first }) }
}

/** The partitions of a parent in at most so many groups of neighbours. */
export function coalesce(parent: Plan, op: string, site: CallSite, partitions: number): CoalescePlan {
  return { kind: 'coalesce', ...common(op, site), parent, partitions }
}

/** A function of the partitions i of several parents; `keepsKeys` says that the keys are those of the first one. */
export function zip(parents: readonly Plan[], op: string, site: CallSite, fn: PlanFunction, keepsKeys = false): ZipPlan {
  const partitioning = keepsKeys ? parents[0]!.partitioning : undefined
  return { kind: 'zip', ...common(op, site), parents, fn, ...(partitioning && { partitioning }) }
}

/** Every pair of records of two parents. */
export function cartesian(left: Plan, right: Plan, op: string, site: CallSite): CartesianPlan {
  return { kind: 'cartesian', ...common(op, site), left, right }
}

/** An exchange: pairs (or, round robin, any records) go to the partition of their key. */
export function shuffle(parent: Plan, op: string, site: CallSite, target: Partitioning, aggregator?: PlanAggregator): ShufflePlan {
  return { kind: 'shuffle', ...common(op, site), parent, target, ...(target.by !== 'roundRobin' && { partitioning: target }), ...(aggregator && { aggregator }) }
}

/** An exchange whose partitioning is found when a job is planned; `partitions` is their number, where that is known before. */
export function lazyShuffle(parent: Plan, op: string, site: CallSite, resolve: FindPartitioning, partitions?: number, aggregator?: PlanAggregator): ShufflePlan {
  return { kind: 'shuffle', ...common(op, site), parent, target: undefined, resolve, ...(partitions !== undefined && { partitions }), ...(aggregator && { aggregator }) }
}

/** A partitioning, or how it is found when a job is planned. */
export type Target = Partitioning | FindPartitioning

/**
 * Combines the values of each key. Where the parent's keys already sit where `target` wants them no exchange is needed:
 * the same aggregation runs inside the partition.
 */
export function combine(parent: Plan, op: string, site: CallSite, target: Target, aggregator: PlanAggregator): Plan {
  if (typeof target === 'function') return lazyShuffle(parent, op, site, target, undefined, aggregator)
  if (!samePartitioning(parent.partitioning, target)) return shuffle(parent, op, site, target, aggregator)
  const fns = aggregator.create === undefined ? [aggregator.merge] : [aggregator.merge, aggregator.create]
  return pipeline(parent, op, site, [{ op: 'mapPartitions', fn: builtin('combinePartition', [], fns) }], true)
}
