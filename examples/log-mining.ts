// Log mining: load a log's errors into memory, then ask about them as often as you like. The first question reads the file; the others do not.
//
//   npm run example examples/log-mining.ts                              over a log of 200 000 lines that it makes itself
//   npm run example examples/log-mining.ts -- --lines 2000000           … of so many lines
//   npm run example examples/log-mining.ts -- --input /var/log/app.log  over a file, folder or glob of yours
//
// A line is `time LEVEL service: message`. Errors are what has the level ERROR.

import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Context, StorageLevel } from 'rivulet'
import { writeLog } from './support/data.ts'

const { values: flags } = parseArgs({ options: { input: { type: 'string' }, lines: { type: 'string', default: '200000' } } })
const made = flags.input === undefined ? writeLog(Number(flags.lines)) : undefined

await using ctx = new Context({ appName: 'log mining' })
const errors = ctx.textFile(flags.input ?? made!.path)
  .filter(line => line.includes(' ERROR '))
  .map(line => line.split(' ').slice(2).join(' '))
  .persist(StorageLevel.MEMORY_ONLY)

async function ask(question: string, answer: () => Promise<unknown>): Promise<void> {
  const start = performance.now()
  const found = await answer()
  console.log(`${question}: ${String(found)}   (${(performance.now() - start).toFixed(0)} ms)`)
}

await ask('errors', () => errors.count())
await ask('about MySQL', () => errors.filter(error => error.includes('MySQL')).count())
await ask('about HDFS', () => errors.filter(error => error.includes('HDFS')).count())
await ask('timeouts by service', async () => {
  const byService = await errors.filter(error => error.includes('timeout')).map(error => error.split(':')[0]!).countByValue()
  return [...byService].sort(([, a], [, b]) => b - a).map(([service, count]) => `${service} ${count}`).join(', ')
})
await ask('the most frequent', async () => {
  const [most] = await errors.map(error => [error.replace(/\d+/g, 'N'), 1]).reduceByKey((a, b) => a + b).top(1, { by: ([, count]) => count })
  return most && `${most[0]} (${most[1]} times)`
})
if (made !== undefined) rmSync(made.folder, { recursive: true })
