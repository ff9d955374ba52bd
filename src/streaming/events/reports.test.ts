// Listeners that show: the distributions of delays, and the line at the bottom of a terminal.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Row } from '../../base/terminal.fixture.ts'
import { StatsReportListener } from './stats-report-listener.ts'
import { StatusLine, type Terminal } from './status-line.ts'
import type { BatchInfo } from './streaming-listener.ts'

const completed = (info: Partial<BatchInfo>): { batchInfo: BatchInfo } => ({ batchInfo: { batchTime: 61_000, numRecords: 2_500, submissionTime: 0, ...info } as BatchInfo })

test('StatsReportListener tells of the last batches', () => {
  const lines: string[] = []
  const listener = new StatsReportListener(3, line => lines.push(line))
  for (const ms of [1_000, 10, 20, 60]) listener.onBatchCompleted(completed({ totalDelay: ms, processingDelay: ms / 10 }))
  assert.deepEqual(lines.slice(-2), [
    'Total delay: count 3, mean 30.0 ms, stdev 21.6 ms, 0 % 10 ms, 5 % 10 ms, 10 % 10 ms, 25 % 10 ms, 50 % 20 ms, 75 % 60 ms, 90 % 60 ms, 95 % 60 ms, 100 % 60 ms',
    'Processing time: count 3, mean 3.0 ms, stdev 2.2 ms, 0 % 1 ms, 5 % 1 ms, 10 % 1 ms, 25 % 1 ms, 50 % 2 ms, 75 % 6 ms, 90 % 6 ms, 95 % 6 ms, 100 % 6 ms',
  ])
  assert.equal(lines.length, 8)
})

test('the status line shows the last batch, gives way to what is written, and disappears', async () => {
  const terminal = new Row()
  const line = StatusLine.on({ terminal, others: [], batchMs: 500, keys: () => 7_000 })!
  line.onBatchSubmitted()
  line.onBatchSubmitted()
  line.onBatchCompleted(completed({ processingDelay: 120, totalDelay: 620 }))
  const shown = 'batch 00:01:01.000 · 5,000 records/s · 120 of 500 ms · delay 620 ms · 1 waiting · 7,000 keys'
  assert.deepEqual([terminal.above, terminal.row], ['', shown])
  terminal.write('a warning\n')
  assert.deepEqual([terminal.above, terminal.row], ['a warning\n', ''])
  await delay(80)
  assert.equal(terminal.row, shown)
  line.close()
  assert.deepEqual([terminal.above, terminal.row], ['a warning\n', ''])
  assert.equal(Object.hasOwn(terminal, 'write'), false)
  terminal.write('after\n')
  await delay(80)
  assert.deepEqual([terminal.above, terminal.row], ['a warning\nafter\n', ''])
})

test('stdout and stderr share a terminal; a pipe beside it is left alone', () => {
  const terminal = new Row()
  const stdout: Terminal = { isTTY: true, write: chunk => terminal.write(chunk as string) }
  const pipe: Terminal = { write: () => true }
  const writes = [stdout.write, pipe.write]
  const line = StatusLine.on({ terminal, others: [stdout, pipe], batchMs: 1_000, keys: () => undefined })!
  assert.equal(pipe.write, writes[1])
  line.onBatchSubmitted()
  line.onBatchCompleted(completed({}))
  stdout.write('Time: 1000 ms\n')
  assert.equal(terminal.above, 'Time: 1000 ms\n')
  line.close()
  assert.equal(stdout.write, writes[0])
})

test('a narrow terminal gets what fits; without one there is no line', () => {
  const terminal = new Row(20)
  const line = StatusLine.on({ terminal, others: [], batchMs: 1_000, keys: () => undefined })!
  line.onBatchCompleted(completed({}))
  assert.equal(terminal.row, 'batch 00:01:01.000 ')
  line.close()
  const unknown = new Row(0)
  const wide = StatusLine.on({ terminal: unknown, others: [], batchMs: 1_000, keys: () => undefined })!
  wide.onBatchCompleted(completed({}))
  assert.match(unknown.row, /delay 0 ms/)
  wide.close()
  assert.equal(StatusLine.on({ terminal: new Row(100, false), others: [], batchMs: 1_000, keys: () => undefined }), undefined)
})
