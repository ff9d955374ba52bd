// A program of a user of the package, whose state is on disk.
import { Context, seconds, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'

const clock = new ManualClock()
const ssc = new StreamingContext(new Context({ master: 'local[2]', conf: { 'state.store': 'disk', 'state.behindBytes': 0 } }), seconds(1), { clock })
ssc.checkpoint('memory:')
ssc.queueStream([['a', 'b'], ['a'], ['a', 'b']]).map(word => [word, 1]).updateStateByKey((ones, total) => (total ?? 0) + ones.length, 2)
  .foreachRDD(async rdd => console.log(JSON.stringify((await rdd.collect()).sort())))
await ssc.start().catch(({ code }) => console.log(code))
if (ssc.state === 'active') await clock.advance(3000)
await ssc.stop()
