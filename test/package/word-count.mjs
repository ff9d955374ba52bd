// A program of a user of the package, in JavaScript.
import { Context, seconds, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const ctx = new Context({ master: 'local[2]' })
const words = ctx.parallelize(['to be', 'or not', 'to be'], 3).flatMap(line => line.split(' '))
console.log(JSON.stringify(await words.map(word => [word, 1]).reduceByKey((a, b) => a + b).sortBy(([word]) => word).collect()))

const clock = new ManualClock()
const ssc = new StreamingContext(ctx, seconds(1), { clock })
ssc.queueStream([[1, 2], [3]]).map(x => x * 10).print()
await ssc.start()
await clock.advance(2000)
await ssc.stop()
