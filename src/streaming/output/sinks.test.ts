// Sinks: what is written once whatever fails, and when it shows.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import { Context } from '../../context/context.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import { testStream } from '../../testing/run-batches.ts'
import { StreamingContext } from '../streaming-context.ts'
import type { TwoPhaseSink } from './sink.ts'

let folder: string
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'rivulet-sinks-')) })
afterEach(() => rmSync(folder, { recursive: true }))

/** A sink of files that show by being renamed; commits are told to `committed`. */
function filesIn(directory: string, committed: string[], failCommit = false): TwoPhaseSink<string, string, string> {
  mkdirSync(directory, { recursive: true })
  return {
    begin: ({ output, time, partition }) => `${directory}/${output}-${time.milliseconds}-${partition}`,
    write: (name, rows) => { writeFileSync(`${name}.part`, [...rows].join()) },
    prepare: name => name,
    commit: (names, { time }) => {
      if (failCommit) throw new Error('the place is not there')
      committed.push(`${time.milliseconds}`)
      for (const name of names) if (existsSync(`${name}.part`)) renameSync(`${name}.part`, name)
    },
    abort: names => { for (const name of names) rmSync(`${name}.part`, { force: true }) },
  }
}
const shown = (directory: string): Record<string, string> => Object.fromEntries(readdirSync(directory).filter(name => !name.endsWith('.part')).sort((a, b) => (a < b ? -1 : 1)).map(name => [name, readFileSync(join(directory, name), 'utf8')]))

const batches = [['a', 'b'], ['c'], []]

onEveryMaster(context => {
  test('an idempotent sink gets each partition with what it is part of', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const directory = folder
    testStream(ssc, batches).print()
    testStream(ssc, batches).repartition(2).saveTo({ write: (rows, { output, time, partition, epoch }) => { writeFileSync(`${directory}/${output} ${time.milliseconds} ${partition} ${epoch}`, [...rows].join()) } })
    await ssc.start()
    await clock.advance(2000)
    await ssc.stop({ stopContext: false })
    const files = shown(folder)
    assert.deepEqual(Object.keys(files), ['1 1000 0 1', '1 1000 1 1', '1 2000 0 1', '1 2000 1 1'])
    assert.deepEqual(Object.values(files).filter(text => text !== '').sort((a, b) => (a < b ? -1 : 1)), ['a', 'b', 'c'])
  })

  test('a two-phase sink commits batch by batch; a failing batch is aborted', async () => {
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const committed: string[] = []
    const stream = testStream(ssc, batches)
    stream.saveTo(filesIn(folder, committed))
    stream.foreachRDD((_rdd, time) => { if (time.milliseconds === 2000) throw new Error('no') })
    const ended = ssc.awaitTermination()
    await ssc.start()
    await clock.advance(2000).catch(() => {})
    await assert.rejects(ended, { code: 'RIV_OUTPUT' })
    assert.deepEqual(committed, ['1000'])
    assert.deepEqual(shown(folder), { '0-1000-0': 'a,b' })
    assert.deepEqual(readdirSync(folder), ['0-1000-0'])
  })
})

test('what was prepared in a complete batch is committed by the next run', async () => {
  const committed: string[] = []
  const run = async (from: number, failCommit: boolean): Promise<void> => {
    await using ctx = new Context({ master: 'inline' })
    const clock = new ManualClock(from)
    const ssc = new StreamingContext(ctx, '1 s', { clock })
    ssc.checkpoint(join(folder, 'checkpoint'))
    testStream(ssc, batches).saveTo(filesIn(join(folder, 'out'), committed, failCommit))
    const ended = ssc.awaitTermination()
    ended.catch(() => {})
    await ssc.start()
    await clock.advance(1000).catch(() => {})
    if (failCommit) await assert.rejects(ended, /the place is not there/)
    await ssc.stop()
  }
  await run(0, true)
  assert.deepEqual(shown(join(folder, 'out')), {})
  await run(1000, false)
  assert.deepEqual(shown(join(folder, 'out')), { '0-1000-0': 'a,b', '0-2000-0': 'c' })
  assert.deepEqual(committed, ['1000', '2000'])
})
