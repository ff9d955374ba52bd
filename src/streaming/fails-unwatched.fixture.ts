// A program that never asks how its streams end.
import { Context, milliseconds, StreamingContext } from 'rivulet'

const ssc = new StreamingContext(new Context({ master: 'inline' }), milliseconds(20))
ssc.queueStream([[1]]).map(n => { if (n === 1) throw new Error('boom'); return n }).foreachRDD(async rdd => { await rdd.collect() })
await ssc.start()
