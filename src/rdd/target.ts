// Where a shuffle operation sends its keys: the number or partitioner that the program gave, or Spark's default.

import type { CallSite } from '../base/call-site.ts'
import { maxPartitions } from '../base/limits.ts'
import { HashPartitioner, Partitioner, RangePartitioner } from '../kernel/partitioner.ts'
import { rddErrors } from './errors.ts'
import { userFunction, type Target } from './nodes.ts'
import { keyPartitioning, partitionCount, type Partitioning, type Plan } from './plan.ts'
import type { RDDContext } from './rdd-context.ts'

/** The last argument of shuffle operations. */
export type PartitionsOrPartitioner = number | Partitioner

/** Refuses what is no number of partitions. */
export function checkedCount(operation: string, count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > maxPartitions) throw rddErrors.RIV_PARTITION_COUNT(operation, count, maxPartitions)
  return count
}

/**
 * The partitioning that an operation over `parents` asks for.
 *
 * Without an argument, Spark's rule: the parents' largest known partitioning is used again, where it has at least the default number of
 * partitions or more than a tenth of the largest parent's; otherwise keys are hashed over `spark.default.parallelism` partitions, if
 * that is configured, or over as many as the largest parent has. A parent whose partitions are not known yet defers the answer.
 */
export function targetOf(argument: PartitionsOrPartitioner | undefined, parents: readonly Plan[], context: RDDContext, op: string, site: CallSite): Target {
  if (argument !== undefined) return partitioningOf(argument, op, site)
  const unknown = parents.some(parent => partitionCount(parent) === undefined)
  if (unknown && (context.configuredParallelism === undefined || parents.some(parent => keyPartitioning(parent) !== undefined))) return () => defaultOf(parents, context)
  return defaultOf(parents, context)
}

function defaultOf(parents: readonly Plan[], { configuredParallelism }: RDDContext): Partitioning {
  const largest = Math.max(0, ...parents.map(parent => partitionCount(parent) ?? 0))
  const count = configuredParallelism ?? largest
  let reused: Partitioning | undefined
  for (const parent of parents) {
    const partitioning = keyPartitioning(parent)
    if (partitioning !== undefined && partitioning !== 'unresolved' && partitioning.partitions > (reused?.partitions ?? 0)) reused = partitioning
  }
  if (reused !== undefined && (count <= reused.partitions || largest < 10 * reused.partitions)) return reused
  return { by: 'hash', partitions: count }
}

/** A number of partitions or a partitioner, as plans hold it. */
export function partitioningOf(argument: PartitionsOrPartitioner, op: string, site: CallSite): Partitioning {
  if (typeof argument === 'number') return { by: 'hash', partitions: checkedCount(op, argument) }
  const partitions = checkedCount(op, argument.numPartitions)
  if (argument.constructor === HashPartitioner) return { by: 'hash', partitions }
  if (argument.constructor === RangePartitioner) return { by: 'range', partitions, bounds: (argument as RangePartitioner).bounds, ascending: (argument as RangePartitioner).ascending }
  return { by: 'custom', partitions, partitioner: argument, fn: userFunction(argument.getPartition.bind(argument), op, site) }
}

/** The partitioner of a partitioning, for asking in the driver; undefined where there is none, and for a sort whose bounds are not found yet. */
export function partitionerOf(partitioning: Partitioning | 'unresolved' | undefined): Partitioner | undefined {
  if (partitioning === undefined || partitioning === 'unresolved') return undefined
  switch (partitioning.by) {
    case 'hash': return new HashPartitioner(partitioning.partitions)
    case 'range': return partitioning.bounds && new RangePartitioner(partitioning.bounds, partitioning.ascending, partitioning.partitions)
    case 'custom': return partitioning.partitioner instanceof Partitioner ? partitioning.partitioner : undefined
    case 'roundRobin': return undefined
  }
}
