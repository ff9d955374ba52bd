// The most visited pages of the last minute, every ten seconds, from the lines of a web server's log.
//
//   npm run example examples/top-pages.ts                            two minutes of a log, in simulated time
//   npm run example examples/top-pages.ts -- --views 1000000 --pages 10000 --k 10

import { parseArgs } from 'node:util'
import { Context, minutes, seconds, StreamingContext } from 'rivulet'
import { ManualClock } from 'rivulet/testing'
import { inBatches, pageViews } from './support/data.ts'

const { values: flags } = parseArgs({ options: { views: { type: 'string', default: '60000' }, pages: { type: 'string', default: '200' }, k: { type: 'string', default: '3' } } })

const clock = new ManualClock()
const ssc = new StreamingContext(new Context({ appName: 'top pages' }), seconds(1), { clock })

ssc.queueStream(inBatches(pageViews(Number(flags.views), Number(flags.pages)), 120))
  .map(line => line.split(' '))
  .filter(([, , , status]) => status === '200')
  .map(([, , page]) => page!)
  .countByValueAndWindow(minutes(1), seconds(10))
  .foreachRDD(async (counts, time) => {
    const top = await counts.top(Number(flags.k), { by: ([, visits]) => visits })
    console.log(`${time.milliseconds / 1_000} s: ${top.map(([page, visits]) => `${page} ${visits}`).join(', ')}`)
  })

await ssc.start()
await clock.advance(minutes(2).milliseconds)
await ssc.stop()
