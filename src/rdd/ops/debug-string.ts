// The lineage of an RDD as text, as Spark draws it: one line a node, the number of partitions where a stage begins, `+-` at each shuffle.
//
//   (2) reduceByKey[3] at app.ts:5:4
//    +-(3) map[2] at app.ts:4:4
//       |  parallelize[1] at app.ts:3:13

import { parentsOf, partitionCount, type Plan } from '../plan.ts'

/** A node to draw: what stands before its line, before the lines below it, and its own beginning. */
interface Drawn { readonly plan: Plan; readonly lead: string; readonly margin: string; readonly first: string }

export function debugString(root: Plan): string {
  const lines: string[] = []
  const stack: Drawn[] = [{ plan: root, lead: '', margin: '', first: head(root) }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { plan, lead, margin, first } = next
    lines.push(`${lead}${first}${nodeText(plan)}`)
    const indent = ' '.repeat((first.length - 2) >> 1)
    for (const parent of parentsOf(plan).toReversed()) {
      stack.push(plan.kind === 'shuffle'
        ? { plan: parent, lead: `${margin}${indent}+-`, margin: `${margin}${indent}  `, first: head(parent) }
        : { plan: parent, lead: margin, margin, first: `${indent}|`.padEnd(first.length) })
    }
  }
  return lines.join('\n')
}

const head = (plan: Plan): string => `(${partitionCount(plan) ?? '?'}) `

function nodeText({ id, name, op, site, storage }: Plan): string {
  return `${name === undefined ? '' : `${name} `}${op}[${id}]${site.place === '' ? '' : ` at ${site.place}`}${storage === 'none' ? '' : ` [${storage}]`}`
}
