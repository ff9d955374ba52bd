// Which captured variable makes a function large. Sizes are estimates: only their order matters.

import { serialize } from 'node:v8'
import type { GraphBuilder } from './graph-builder.ts'
import type { Link, Node, Ref } from './nodes.ts'

interface Measured { readonly size: number; readonly links: readonly number[] }

/** `, most of it \`table\` of \`enrich\` (3.8 MiB)`, or nothing. */
export function largestCapture(graph: GraphBuilder): string {
  const measured = graph.nodes.map(measure)
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
      size += measured[id]!.size
      for (const next of measured[id]!.links) if (!functionNodes.has(graph.nodes[next])) seen.add(next)
    }
    return size
  }
}

function linkId(ref: Ref): number | undefined {
  return typeof ref === 'object' && ref !== null ? (ref as Link).$ : undefined
}

function measure(node: Node): Measured {
  if (node.t === 'plain') return { size: serialize(node.value).byteLength, links: [] }
  let size = 0
  const links: number[] = []
  const visit = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) size += value.byteLength
    else if (typeof value === 'string') size += 2 + value.length
    else if (typeof value !== 'object' || value === null) size += 5
    else if ('$' in value && typeof value.$ === 'number') {
      size += 5
      links.push(value.$)
    } else for (const inner of Object.values(value)) visit(inner)
  }
  visit(node)
  return { size, links }
}
