// Nodes over several streams: union and transform. The streams must share a context and a slide.

import type { CallSite } from '../../base/call-site.ts'
import { union } from '../../rdd/nodes.ts'
import { cogroupTo } from '../../rdd/ops/cogroup.ts'
import { joinTo } from '../../rdd/ops/join.ts'
import type { BuiltinFunction, Partitioning, PlanFunction } from '../../rdd/plan.ts'
import { streamingErrors } from '../errors.ts'
import { DerivedNode } from './derived-node.ts'
import type { DStreamGraph } from './dstream-graph.ts'
import type { NodeOptions, StreamNode } from './stream-node.ts'
import { TransformNode, type Transform } from './transform-node.ts'

/** A stream, as far as meeting others goes. */
interface Stream { readonly graph: DStreamGraph; readonly node: StreamNode }

/** The records of all streams, batch by batch, in the order of the arguments. */
export function unionNode(graph: DStreamGraph, streams: readonly Stream[], op: string, site: CallSite): StreamNode {
  return new DerivedNode({ ...meet(graph, streams, op, site), describe: plans => union(plans, op, site) })
}

/** For each key of each batch the list of its values in each stream. */
export function cogroupNode(graph: DStreamGraph, streams: readonly Stream[], op: string, site: CallSite, target: Partitioning): StreamNode {
  return new DerivedNode({ ...meet(graph, streams, op, site), functions: functionsOf(target), describe: plans => cogroupTo(target, plans, op, site) })
}

/** What `fn` makes of the partitions of two streams, batch by batch, with equal keys in equal partitions. */
export function joinNode(graph: DStreamGraph, streams: readonly Stream[], op: string, site: CallSite, target: Partitioning, fn: BuiltinFunction): StreamNode {
  return new DerivedNode({ ...meet(graph, streams, op, site), functions: functionsOf(target), describe: plans => joinTo(target, plans, op, site, fn) })
}

const functionsOf = (target: Partitioning): PlanFunction[] => (target.by === 'custom' ? [target.fn] : [])

/** What the user's function makes of the streams' RDDs, batch by batch. */
export function transformNode(graph: DStreamGraph, streams: readonly Stream[], op: string, site: CallSite, transform: Transform): StreamNode {
  return new TransformNode({ ...meet(graph, streams, op, site), context: graph.context, transform })
}

function meet(graph: DStreamGraph, streams: readonly Stream[], op: string, site: CallSite): NodeOptions {
  const first = streams[0]
  if (first === undefined) throw streamingErrors.RIV_NO_STREAMS(op, site.place)
  if (streams.some(stream => stream.graph !== graph)) throw streamingErrors.RIV_OTHER_CONTEXT(op, site.place)
  const slides = streams.map(({ node }) => node.slideMs)
  if (new Set(slides).size > 1) throw streamingErrors.RIV_SLIDES(op, site.place, slides)
  return { op, site, parents: streams.map(({ node }) => node), slideMs: first.node.slideMs }
}
