// The names that a checkpoint has for what is in a graph: given by uid(), or kind and number.
//
// All of a kind are counted, those with a name too: so naming one does not rename the others.

import type { StatefulAt } from '../graph/dstream-graph.ts'
import type { StreamNode } from '../graph/stream-node.ts'
import type { OperatorRecord } from './records.ts'

/** Streams by name. */
export function idsOf<N extends StreamNode>(nodes: readonly N[]): (readonly [id: string, node: N])[] {
  const unnamed = counted(nodes, node => node.op)
  return nodes.map((node, i) => [node.uid ?? unnamed[i]!, node])
}

/** The operators of a graph; one stream may have a state and panes. */
export function operatorsOf(stateful: readonly StatefulAt[]): OperatorRecord[] {
  const unnamed = counted(stateful, ({ stateful: { kind } }) => kind)
  return stateful.map(({ uid, stateful: { kind, fingerprint } }, i) => ({ id: uid === undefined ? unnamed[i]! : `${uid} (${kind})`, fingerprint: { kind, ...fingerprint } }))
}

/** `kind#0`, `kind#1` … */
function counted<T>(items: readonly T[], kindOf: (item: T) => string): string[] {
  const next = new Map<string, number>()
  return items.map(item => {
    const kind = kindOf(item)
    const number = next.get(kind) ?? 0
    next.set(kind, number + 1)
    return `${kind}#${number}`
  })
}
