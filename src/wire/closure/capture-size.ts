// Which captured variable makes a function large.

import { serialize } from 'node:v8'
import type { GraphBuilder } from './graph-builder.ts'
import type { Link, Ref } from './nodes.ts'

/** `, most of it \`table\` of \`enrich\` (3.8 MiB)`, or nothing. */
export function largestCapture(graph: GraphBuilder): string {
  const sizes = graph.nodes.map(node => serialize(node).byteLength)
  const functionNodes = new Set<unknown>(graph.drafts.map(draft => draft.node))
  let best = ''
  let bestSize = 0
  for (const { node, params, captures } of graph.drafts) {
    captures.forEach((ref, i) => {
      const id = linkId(ref)
      const size = id === undefined ? String(ref).length : functionNodes.has(graph.nodes[id]) ? 0 : reach(id)
      if (size <= bestSize) return
      bestSize = size
      best = `, most of it \`${params[i]}\`${node.name === '' ? '' : ` of \`${node.name}\``} (${(size / 2 ** 20).toFixed(1)} MiB)`
    })
  }
  return best

  /** Bytes of everything below a node, functions left out: they have captures of their own. */
  function reach(from: number): number {
    let size = 0
    const seen = new Set([from])
    for (const id of seen) {
      size += sizes[id]!
      for (const next of linksIn(graph.nodes[id])) if (!functionNodes.has(graph.nodes[next])) seen.add(next)
    }
    return size
  }
}

function linkId(ref: Ref): number | undefined {
  return typeof ref === 'object' && ref !== null ? (ref as Link).$ : undefined
}

function* linksIn(value: unknown): Generator<number> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || ('t' in value && value.t === 'plain')) return
  if ('$' in value && typeof value.$ === 'number') yield value.$
  else for (const inner of Object.values(value)) yield* linksIn(inner)
}
