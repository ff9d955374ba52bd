// k-means: points go to the nearest centre, centres to the middle of their points, until they move no more.
//
//   npm run example examples/k-means.ts
//   npm run example examples/k-means.ts -- --points 500000 --clusters 8 --seed 3
//
// The centres are few and wanted by every task: a broadcast. What each task sends back is a sum and a count for each centre, not its points.

import { parseArgs } from 'node:util'
import { Context } from 'rivulet'
import { clusteredPoints } from './support/data.ts'

type Point = readonly number[]

const { values: flags } = parseArgs({ options: { points: { type: 'string', default: '20000' }, clusters: { type: 'string', default: '4' }, seed: { type: 'string', default: '1' }, most: { type: 'string', default: '50' } } })
const k = Number(flags.clusters)

await using ctx = new Context({ appName: 'k-means' })
const points = ctx.parallelize<Point>(clusteredPoints(Number(flags.points), k, Number(flags.seed))).cache()

const distance = (a: Point, b: Point): number => a.reduce((sum, x, i) => sum + (x - b[i]!) ** 2, 0)
function nearest(point: Point, centres: readonly Point[]): number {
  let best = 0
  for (let i = 1; i < centres.length; i++) if (distance(point, centres[i]!) < distance(point, centres[best]!)) best = i
  return best
}

// The first centres: of a sample, each the point that is farthest from those before it.
const sample = await points.takeSample(false, 200, Number(flags.seed))
let centres: Point[] = [sample[0]!]
while (centres.length < k) {
  const far = (point: Point): number => distance(point, centres[nearest(point, centres)]!)
  centres.push(sample.reduce((a, b) => (far(b) > far(a) ? b : a)))
}

let rounds = 0
for (let moved = Infinity; moved > 1e-6 && rounds < Number(flags.most); rounds++) {
  const shared = ctx.broadcast(centres)
  const sums = await points
    .map(point => [nearest(point, shared.value), { sum: [...point], count: 1 }])
    .reduceByKeyLocally((a, b) => ({ sum: a.sum.map((x, i) => x + b.sum[i]!), count: a.count + b.count }))
  const next = centres.map((centre, i) => { const own = sums.get(i); return own === undefined ? centre : own.sum.map(x => x / own.count) })
  moved = Math.max(...next.map((centre, i) => distance(centre, centres[i]!)))
  centres = next
  await shared.destroy()
}

const cost = await points.map(point => Math.sqrt(distance(point, centres[nearest(point, centres)]!))).mean()
for (const centre of centres.toSorted((a, b) => a[0]! - b[0]!)) console.log(`(${centre.map(x => x.toFixed(2)).join(', ')})`)
console.log(`${rounds} rounds; points are ${cost.toFixed(2)} from their centre on average`)
