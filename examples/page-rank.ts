// PageRank: the links stay where they are, the ranks move to them. The classic iteration of joins.
//
//   npm run example examples/page-rank.ts                                     over a web of 2 000 pages that it makes itself
//   npm run example examples/page-rank.ts -- --pages 100000 --iterations 10
//   npm run example examples/page-rank.ts -- --input links.txt                over lines `page page`, one a link
//
// `links` is partitioned by page and kept. `mapValues` keeps keys where they are, and `reduceByKey` moves contributions to where the links
// are: so the join of each iteration moves nothing. Every few iterations a local checkpoint cuts the lineage.

import { parseArgs } from 'node:util'
import { Context, HashPartitioner } from 'rivulet'
import { randomLinks } from './support/data.ts'

const { values: flags } = parseArgs({ options: { input: { type: 'string' }, pages: { type: 'string', default: '2000' }, iterations: { type: 'string', default: '10' }, top: { type: 'string', default: '5' } } })

await using ctx = new Context({ appName: 'PageRank' })
const pages = new HashPartitioner(ctx.defaultParallelism)
const pairs = flags.input === undefined
  ? ctx.parallelize(randomLinks(Number(flags.pages)))
  : ctx.textFile(flags.input).map(line => line.split(/\s+/)).map(([from, to]) => [from!, to!])

const links = pairs.groupByKey(pages).cache()
let ranks = links.mapValues(() => 1)
for (let i = 1; i <= Number(flags.iterations); i++) {
  const contributions = links.join(ranks).values().flatMap(([targets, rank]) => targets.map(target => [target, rank / targets.length] as const))
  ranks = contributions.reduceByKey((a, b) => a + b, pages).mapValues(sum => 0.15 + 0.85 * sum)
  if (i % 5 === 0) await ranks.cache().localCheckpoint().count()
}

for (const [page, rank] of await ranks.top(Number(flags.top), { by: ([, rank]) => rank })) console.log(`${page} ${rank.toFixed(3)}`)
