// Tells whether a stream is made as it was by an earlier program: a number that is another one where functions on the way to it are others.
//
// It is no proof: it knows the texts of functions and of what they capture in their own file, not those of other modules, nor values.

import { crc32 } from 'node:zlib'
import type { PlanFunction } from '../../rdd/plan.ts'
import type { StreamNode } from './stream-node.ts'

/** Known once the graph has started. */
export function codeOf(node: StreamNode): number {
  const seen = new Set<StreamNode>()
  let sum = 0
  const visit = (at: StreamNode): void => {
    if (seen.has(at)) return
    seen.add(at)
    for (const parent of at.parents) visit(parent)
    for (const text of [at.op, ...at.functions.flatMap(textsOf), ...at.ownFunctions.map(String)]) sum = crc32(text, sum)
  }
  visit(node)
  return sum
}

function textsOf(fn: PlanFunction): string[] {
  return fn.kind === 'user' ? [String(fn.fn), fn.frozen?.codeHash ?? ''] : [fn.name, ...fn.fns.flatMap(textsOf)]
}
