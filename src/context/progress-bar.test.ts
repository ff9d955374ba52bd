// The progress bar on a terminal of one row, under a clock of numbers.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Row } from '../base/terminal.fixture.ts'
import type { JobStatuses, StageStatus } from '../engine/job-status.ts'
import { Context } from './context.ts'
import { ProgressBar } from './progress-bar.ts'

const stage = (stageId: number, numCompletedTasks: number, numActiveTasks: number, numTasks: number, submissionTime: number | undefined = 1_000): StageStatus =>
  ({ stageId, name: 'count', submissionTime, numTasks, numActiveTasks, numCompletedTasks, numFailedTasks: 0 })

class Harness {
  stages: StageStatus[] = []
  nowMs = 2_000
  readonly terminal: Row
  readonly bar: ProgressBar
  constructor(terminal: Row) {
    this.terminal = terminal
    const status = { activeJobs: () => (this.stages.length === 0 ? [] : [{}]), activeStages: () => this.stages } as unknown as JobStatuses
    this.bar = new ProgressBar({ status, terminal, others: [], now: () => this.nowMs })
  }
  row(...stages: StageStatus[]): string {
    this.stages = stages
    this.bar.refresh()
    return this.terminal.row
  }
}

test('it shows how far stages are', () => {
  const h = new Harness(new Row(51))
  assert.equal(h.row(stage(3, 0, 2, 40)), '[Stage 3:>                           (0 + 2) / 40]')
  assert.equal(h.row(stage(3, 12, 2, 40)), '[Stage 3:========>                  (12 + 2) / 40]')
  assert.equal(h.row(stage(3, 40, 0, 40)), '[Stage 3:===========================(40 + 0) / 40]')
  assert.equal(h.row(stage(3, 1, 1, 2), stage(4, 0, 1, 9)), '[Stage 3:==> (1 + 1) / 2][Stage 4:>   (0 + 1) / 9]')
  assert.equal(h.row(), '', 'it goes with the last job')
})

test('short stages, and those that wait, are not shown; nor is anything where there is no terminal', () => {
  const h = new Harness(new Row(60))
  assert.equal(h.row(stage(1, 0, 1, 4, 1_500)), '')
  h.nowMs = 2_001
  assert.notEqual(h.row(stage(1, 0, 1, 4, 1_500)), '')
  assert.equal(h.row({ ...stage(1, 0, 1, 4), submissionTime: undefined }), '')
  h.bar.close()
  assert.equal(new Harness(new Row(60, false)).row(stage(1, 0, 1, 4)), '')
})

test('what the program writes goes above it', () => {
  const h = new Harness(new Row(60))
  const shown = h.row(stage(1, 1, 1, 4))
  h.terminal.write('a line\n')
  assert.deepEqual([h.terminal.above, h.terminal.row], ['a line\n', ''])
  assert.equal(h.row(stage(1, 1, 1, 4)), shown)
  h.bar.close()
  h.terminal.write('another\n')
  assert.deepEqual([h.terminal.above, h.terminal.row, Object.hasOwn(h.terminal, 'write')], ['a line\nanother\n', '', false])
})

test('a job of a context is shown while it runs, and the row is clean before its action settles', async () => {
  const terminal = new Row(60)
  await using ctx = new Context({ master: 'inline', terminal })
  const seen = new Set<string>()
  const running = ctx.range(0, 8, 1, 8).mapAsync(async n => { await new Promise(resolve => setTimeout(resolve, 120)); return n }).count().then(count => [count, terminal.row])
  const watching = setInterval(() => seen.add(terminal.row.replace(/\d+:/, 'N:')), 20)
  assert.deepEqual(await running, [8, ''])
  clearInterval(watching)
  assert.ok([...seen].some(row => /^\[Stage N:=*> *\(\d \+ 1\) \/ 8\]$/.test(row)), [...seen].join('|'))
})
