// Spark's rule of slow tasks, under a clock of numbers; and one straggler on real threads.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Context } from '../../context/context.ts'
import type { StageRun, TaskAttempt } from './dag-scheduler.ts'
import { Speculation } from './speculation.ts'

const rules = { multiplier: 3, quantile: 0.75, minTaskRuntimeMs: 100 }
const stageOf = (numTasks: number): StageRun => ({ numTasks }) as StageRun
const attempt = (stage: StageRun, partition: number): TaskAttempt => ({ id: partition, stage, partition, attempt: 1, speculative: false })

interface Row { readonly what: string; readonly tasks: number; readonly durations: readonly number[]; readonly atMs: number; readonly slow: readonly number[] }
const rowsOf: readonly Row[] = [
  { what: 'nothing has ended', tasks: 4, durations: [], atMs: 10_000, slow: [] },
  { what: 'too few have ended', tasks: 4, durations: [100, 100], atMs: 10_000, slow: [] },
  { what: 'three of four have ended, and the last takes more than three times the median', tasks: 4, durations: [100, 200, 300], atMs: 601, slow: [3] },
  { what: 'three times the median is not more', tasks: 4, durations: [100, 200, 300], atMs: 600, slow: [] },
  { what: 'of an even number of durations the middle', tasks: 5, durations: [100, 100, 300, 300], atMs: 601, slow: [4] },
  { what: 'below 100 ms nothing is slow', tasks: 4, durations: [1, 1, 1], atMs: 100, slow: [] },
  { what: 'above 100 ms short tasks are', tasks: 4, durations: [1, 1, 1], atMs: 101, slow: [3] },
  { what: 'several', tasks: 8, durations: [50, 50, 50, 50, 50, 50], atMs: 200, slow: [6, 7] },
]
for (const { what, tasks, durations, atMs, slow } of rowsOf) {
  test(`slow tasks: ${what}`, () => {
    const speculation = new Speculation(rules)
    const stage = stageOf(tasks)
    const all = Array.from({ length: tasks }, (_, partition) => attempt(stage, partition))
    for (const task of all) speculation.started(task, 0)
    durations.forEach((ms, i) => speculation.ended(all[i]!, ms, true))
    assert.deepEqual(speculation.slow(atMs).map(task => task.partition), slow)
    speculation.stageOver(stage)
    assert.deepEqual(speculation.slow(1e9), [])
  })
}

test('attempts that failed are no measure', () => {
  const speculation = new Speculation(rules)
  const stage = stageOf(2)
  const [a, b] = [attempt(stage, 0), attempt(stage, 1)]
  speculation.started(a, 0)
  speculation.started(b, 0)
  speculation.ended(a, 1, false)
  assert.deepEqual(speculation.slow(10_000), [])
})

test('a straggler has a copy, whose result wins; what adds to accumulators, saves or foreach has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-speculation-'))
  await using ctx = new Context({ master: 'local[2]', conf: { 'spark.speculation': true, 'spark.speculation.interval': '20ms', 'spark.speculation.quantile': 0.5 } })
  const copies: number[] = []
  ctx.addListener({ onSpeculativeTaskSubmitted: ({ taskIndex }) => copies.push(taskIndex) })
  /** Waits in the first attempt at the last record, for as long as it may. */
  const straggle = (name: string, ms: number) => async (n: number, signal: AbortSignal): Promise<number> => {
    if (n < 3) return n
    const fs = process.getBuiltinModule('node:fs')
    const mark = `${folder}/${name}`
    if (fs.existsSync(mark)) return n
    fs.writeFileSync(mark, '')
    await new Promise((resolve, reject) => {
      setTimeout(resolve, ms)
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    })
    return -n
  }
  const numbers = ctx.range(0, 4, 1, 4)
  assert.deepEqual(await numbers.mapAsync(straggle('collect', 60_000)).collect(), [0, 1, 2, 3], 'the copy gave the result')
  assert.deepEqual(copies, [3])
  const seen = ctx.longAccumulator()
  assert.deepEqual(await numbers.map(n => { seen.add(1); return n }).mapAsync(straggle('accumulator', 500)).collect(), [0, 1, 2, -3])
  await numbers.mapAsync(straggle('foreach', 500)).foreach(() => {})
  await numbers.mapAsync(straggle('save', 500)).saveAsTextFile(`${folder}/out`)
  assert.deepEqual([copies, seen.value], [[3], 4])
  rmSync(folder, { recursive: true })
})
