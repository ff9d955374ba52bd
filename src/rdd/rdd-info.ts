// What a program can learn of a persisted RDD's storage.

import type { StorageUse } from './job-runner.ts'
import { partitionCount, type Plan } from './plan.ts'
import type { StorageLevel } from './storage-level.ts'

/** What is kept of a persisted RDD; sizes in bytes, as encoded. Semantics: `org.apache.spark.storage.RDDInfo`. */
export interface RDDInfo {
  readonly id: number
  /** As given to `setName`, or else the operator's name. */
  readonly name: string
  readonly storageLevel: StorageLevel
  readonly numPartitions: number
  readonly numCachedPartitions: number
  readonly memoryUsed: number
  readonly diskUsed: number
}

export function rddInfo(plan: Plan, { partitions, memoryBytes, diskBytes }: StorageUse): RDDInfo {
  const { id, name, op, storage } = plan
  return { id, name: name ?? op, storageLevel: storage, numPartitions: partitionCount(plan) ?? 0, numCachedPartitions: partitions, memoryUsed: memoryBytes, diskUsed: diskBytes }
}
