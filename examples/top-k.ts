// The most frequent words of a text: counted by key, then the first few in an order. Nothing is sorted as a whole.
//
//   npm run example examples/top-k.ts                           over the examples themselves
//   npm run example examples/top-k.ts -- --input book.txt --k 20

import { parseArgs } from 'node:util'
import { Context } from 'rivulet'

const { values: flags } = parseArgs({ options: { input: { type: 'string', default: `${import.meta.dirname}/*.ts` }, k: { type: 'string', default: '10' } } })

await using ctx = new Context({ appName: 'top k' })
const counts = ctx.textFile(flags.input)
  .flatMap(line => line.toLowerCase().match(/\p{L}[\p{L}']*/gu) ?? [])
  .map(word => [word, 1])
  .reduceByKey((a, b) => a + b)
  .cache()

for (const [word, count] of await counts.top(Number(flags.k), { by: ([, n]) => n })) console.log(`${word} ${count}`)
console.log(`of ${await counts.count()} different words`)
