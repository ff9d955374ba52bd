// A program that only a started context holds: it stops it after three batches, and ends.
import { Context, milliseconds, StreamingContext } from 'rivulet'

const ssc = new StreamingContext(new Context({ master: 'local[2]' }), milliseconds(20))
let batches = 0
ssc.queueStream<number>([]).foreachRDD(async rdd => {
  await rdd.count()
  if (++batches < 3) return
  console.log('three batches')
  await ssc.stop()
})
await ssc.start()
