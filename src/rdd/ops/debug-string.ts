// The lineage of an RDD as text, as Spark draws it: one line a node, the number of partitions where a stage begins, `+-` at each shuffle.
//
//   (2) reduceByKey[3] at app.ts:5:4
//    +-(3) map[2] at app.ts:4:4
//       |  parallelize[1] at app.ts:3:13

import { parentsOf, partitionCount, type Plan } from '../plan.ts'

export function debugString(plan: Plan): string {
  return draw(plan, '', head(plan)).join('\n')
}

/** `margin` is what stands before every line of this stage, `first` the stage's own beginning on its first line. */
function draw(plan: Plan, margin: string, first: string): string[] {
  const bar = `${' '.repeat((first.length - 2) >> 1)}|`.padEnd(first.length)
  return [`${margin}${first}${nodeText(plan)}`, ...parentsOf(plan).flatMap(parent => below(plan, parent, margin, bar))]
}

function below(plan: Plan, parent: Plan, margin: string, bar: string): string[] {
  if (plan.kind !== 'shuffle') return draw(parent, margin, bar)
  const inner = `${margin}${bar.slice(0, bar.indexOf('|'))}`
  const [first, ...rest] = draw(parent, '', head(parent))
  return [`${inner}+-${first}`, ...rest.map(line => `${inner}  ${line}`)]
}

const head = (plan: Plan): string => `(${partitionCount(plan) ?? '?'}) `

function nodeText({ id, name, op, site, storage }: Plan): string {
  return `${name === undefined ? '' : `${name} `}${op}[${id}]${site.place === '' ? '' : ` at ${site.place}`}${storage === 'none' ? '' : ` [${storage}]`}`
}
