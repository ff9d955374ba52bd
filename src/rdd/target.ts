// Where a shuffle operation sends its keys: the number or partitioner that the program gave, or Spark's default.

import type { CallSite } from '../base/call-site.ts'
import { maxPartitions } from '../base/limits.ts'
import { HashPartitioner, type Partitioner } from '../kernel/partitioner.ts'
import { rddErrors } from './errors.ts'
import { userFunction, type Target } from './nodes.ts'
import { partitionCount, type Partitioning, type Plan } from './plan.ts'
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
  if (unknown && (context.configuredParallelism === undefined || parents.some(parent => parent.partitioning !== undefined))) return async () => defaultOf(parents, context)
  return defaultOf(parents, context)
}

function defaultOf(parents: readonly Plan[], { configuredParallelism }: RDDContext): Partitioning {
  const largest = Math.max(0, ...parents.map(parent => partitionCount(parent) ?? 0))
  const count = configuredParallelism ?? largest
  const known = parents.map(parent => parent.partitioning).filter(partitioning => partitioning !== undefined && partitioning.partitions > 0)
  const reused = known.reduce((a, b) => (b!.partitions > (a?.partitions ?? 0) ? b : a), undefined)
  if (reused !== undefined && (count <= reused.partitions || largest < 10 * reused.partitions)) return reused
  return { by: 'hash', partitions: count }
}

/** A number of partitions or a partitioner, as plans hold it. */
export function partitioningOf(argument: PartitionsOrPartitioner, op: string, site: CallSite): Partitioning {
  if (typeof argument === 'number') return { by: 'hash', partitions: checkedCount(op, argument) }
  const partitions = checkedCount(op, argument.numPartitions)
  if (argument.constructor === HashPartitioner) return { by: 'hash', partitions }
  return { by: 'custom', partitions, partitioner: argument, fn: userFunction(argument.getPartition.bind(argument), op, site) }
}
