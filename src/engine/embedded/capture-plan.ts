// Which functions of a plan a job may have to run.

import { captureWindow, type CapturedFunction } from '../../wire/closure/capture.ts'
import { visitLineage, type Plan, type PlanFunction, type PlanSink, type UserFunction } from '../../rdd/plan.ts'
import type { Presence } from './dag-scheduler.ts'

export type Captures = ReadonlyMap<UserFunction, CapturedFunction>

/** Captures every function of the part of a plan that may have to run, as it is now. */
export function capturePlan(plan: Plan, sink: PlanSink, presence: Presence, capture: (fn: UserFunction) => CapturedFunction): Captures {
  const captures = new Map<UserFunction, CapturedFunction>()
  const add = (fn: PlanFunction): void => forEachUser(fn, user => { captures.set(user, user.frozen ?? capture(user)) })
  const visit = (node: Plan): boolean => {
    if (node.storage !== 'none' && presence.keepsAll(node)) return false
    if (node.kind === 'pipeline') for (const step of node.steps) add(step.fn)
    if (node.kind === 'source') for (const part of node.partitions ?? []) if (part.kind === 'part') add(part.read)
    if (node.kind === 'zip') add(node.fn)
    if (node.kind !== 'shuffle') return true
    const { aggregator } = node
    for (const fn of aggregator === undefined ? [] : [aggregator.create, aggregator.merge, aggregator.mergeCombiners]) if (fn !== undefined) add(fn)
    if (node.target?.by === 'custom') add(node.target.fn)
    return !presence.hasShuffle(node)
  }
  captureWindow(() => {
    if ('fn' in sink) add(sink.fn)
    visitLineage(plan, visit)
  })
  return captures
}

/** The user's functions in a function of a plan. */
export function forEachUser(fn: PlanFunction, visit: (fn: UserFunction) => void): void {
  if (fn.kind === 'user') visit(fn)
  else for (const inner of fn.fns) forEachUser(inner, visit)
}
