// The lineage of an RDD as text, as Spark draws it: one line a node, the number of partitions where a stage begins, `+-` at each shuffle.
//
//   (2) reduceByKey[3] at app.ts:5:4
//    +-(3) map[2] at app.ts:4:4
//       |  parallelize[1] at app.ts:3:13

import { parentsOf, partitionCount, type Plan } from '../plan.ts'

export function debugString(plan: Plan): string {
  const head = countText(plan)
  return draw(plan, head, `${' '.repeat(head.length - 1)}|  `)
}

/** `first` stands before the node's own line, `rest` before those of its parents in the same stage. */
function draw(plan: Plan, first: string, rest: string): string {
  const lines = [first + nodeText(plan)]
  const parents = parentsOf(plan)
  if (plan.kind === 'shuffle') {
    const margin = rest.slice(0, -3)
    const head = `${countText(plan.parent)}`
    lines.push(draw(plan.parent, `${margin}+-${head}`, `${margin}  ${' '.repeat(head.length - 1)}|  `))
  } else {
    for (const parent of parents) lines.push(draw(parent, rest, rest))
  }
  return lines.join('\n')
}

const countText = (plan: Plan): string => `(${partitionCount(plan) ?? '?'}) `

function nodeText({ id, op, site, storage }: Plan): string {
  return `${op}[${id}]${site.place === '' ? '' : ` at ${site.place}`}${storage === 'none' ? '' : ` [${storage}]`}`
}
