// A program of a user of the package, in TypeScript.
import { Context, seconds, StreamingContext, type DStream, type RDD } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const ctx: Context = new Context({ master: 'local[2]' })
const words: RDD<string> = ctx.parallelize(['to be', 'or not', 'to be'], 3).flatMap(line => line.split(' '))
const counts: [string, number][] = await words.map(word => [word, 1]).reduceByKey((a, b) => a + b).sortBy(([word]) => word).collect()
console.log(JSON.stringify(counts))

const clock = new ManualClock()
const ssc = new StreamingContext(ctx, seconds(1), { clock })
const numbers: DStream<number> = ssc.queueStream([[1, 2], [3]])
numbers.map(x => x * 10).print()
await ssc.start()
await clock.advance(2000)
await ssc.stop()
