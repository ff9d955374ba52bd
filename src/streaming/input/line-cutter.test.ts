// Cutting text into blocks: whatever the chunks, the lines are those of the whole text.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../../base/clock.ts'
import { isRivuletError, RivuletError } from '../../base/define-errors.ts'
import type { StoredBlock } from '../../rdd/job-runner.ts'
import { LineCutter } from './line-cutter.ts'
import { RateLimit } from './rate-limit.ts'
import { ReceivedBlocks } from './received-blocks.ts'

/** A cutter over blocks in plain memory. */
function open({ maxBytes = 1 << 20, maxLineBytes = 1 << 24, intervalMs = 100, rate = Infinity } = {}) {
  const clock = new ManualClock()
  const blocks = new ReceivedBlocks(Infinity, async () => {})
  const stored: string[] = []
  const errors: number[] = []
  const state = { full: false }
  const storeText = (bytes: Uint8Array): StoredBlock => {
    if (state.full) throw new RivuletError('RIV_BLOCK_MEMORY', 'full', '')
    stored.push(Buffer.from(bytes).toString())
    return { ref: { slab: 0, generation: 0, offset: 0, bytes: bytes.length, count: 0 }, release() {} }
  }
  const runner = { storeText, storeRecords: () => assert.fail('not text') }
  const limit = new RateLimit({ clock, blocks, batchMs: 1_000, intervalMs, rate })
  const cutter = new LineCutter({ clock, runner, blocks, limit, intervalMs, maxBytes, maxLineBytes, onTooLong: limit => errors.push(limit) })
  const counts = (): number[] => blocks.take(0).map(({ records }) => records)
  return { clock, cutter, blocks, limit, stored, errors, counts, state }
}

// Chunks in, what the blocks hold after a cut and the end of input.
const rows: [name: string, chunks: string[], blocks: string[], options?: Parameters<typeof open>[0]][] = [
  ['nothing', [], []],
  ['whole lines', ['a\nb\n', 'c\n'], ['a\nb\nc\n']],
  ['a line over three chunks', ['a', 'b', 'c\nd\n'], ['abc\nd\n']],
  ['a last line without an end', ['a\nb'], ['a\n', 'b\n']],
  ['only a line without an end', ['a'], ['a\n']],
  ['empty lines', ['\n\n', '\n'], ['\n\n\n']],
  ['carriage returns stay for the task', ['a\r', '\nb\r\n'], ['a\r\nb\r\n']],
  ['a block ends at its size', ['aaaa\nbbbb\n', 'c\n', 'd\n'], ['aaaa\nbbbb\n', 'c\nd\n'], { maxBytes: 8 }],
  ['a line that is too long', ['ab\n', 'cccc', 'cc\nd\n'], ['ab\nd\n'], { maxLineBytes: 4 }],
  ['a line of just the limit', ['ab\ncc', 'cc', '\n'], ['ab\ncccc\n'], { maxLineBytes: 4 }],
  ['a line that is too long in one chunk', ['a\ncccccccccc\nb\n'], ['a\nb\n'], { maxLineBytes: 4 }],
  ['a line that is too long and has no end', ['a\ncccccc', 'c'], ['a\n'], { maxLineBytes: 4 }],
  ['two lines that are too long', ['ccccc', '\nddddd\ne\n'], ['e\n'], { maxLineBytes: 4 }],
]

describe('blocks of lines', () => {
  for (const [name, chunks, expected, options] of rows) {
    test(name, () => {
      const { cutter, stored, counts } = open(options)
      for (const chunk of chunks) cutter.push(Buffer.from(chunk))
      cutter.cut()
      cutter.endOfInput()
      cutter.cut()
      assert.deepEqual(stored, expected)
      assert.deepEqual(counts(), expected.map(block => block.split('\n').length - 1))
      assert.ok(cutter.isEmpty)
    })
  }

  test('each line that is too long is reported once, with the limit', () => {
    const { cutter, errors } = open({ maxLineBytes: 4 })
    for (const chunk of ['ccccc', 'ccccc', 'c\nok\n', 'ddddddddd\n']) cutter.push(Buffer.from(chunk))
    assert.deepEqual(errors, [4, 4])
  })

  test('after a reconnect the rest of a line that was too long is not skipped', () => {
    const { cutter, stored } = open({ maxLineBytes: 4 })
    cutter.push(Buffer.from('cccccc'))
    cutter.endOfInput()
    cutter.push(Buffer.from('new\n'))
    cutter.cut()
    assert.deepEqual(stored, ['new\n'])
  })

  test('a block ends when it is old and something more comes', async () => {
    const { clock, cutter, stored } = open({ intervalMs: 100 })
    cutter.push(Buffer.from('a\n'))
    await clock.advance(99)
    cutter.push(Buffer.from('b\n'))
    assert.deepEqual(stored, [])
    await clock.advance(1)
    cutter.push(Buffer.from('c\n'))
    assert.deepEqual(stored, ['a\nb\n'])
  })

  test('while block memory is full nothing is lost, and there is no room', () => {
    const { cutter, blocks, stored, state, counts } = open({ maxBytes: 2 })
    state.full = true
    for (const chunk of ['a\n', 'b\nc', '\n']) cutter.push(Buffer.from(chunk))
    assert.deepEqual([stored, blocks.isFull], [[], true])
    state.full = false
    cutter.cut()
    assert.deepEqual([stored, blocks.isFull, counts()], [['a\nb\nc\n'], false, [3]])
  })

  test('other failures of storing are not swallowed', () => {
    const blocks = new ReceivedBlocks(10, async () => {})
    assert.throws(() => blocks.store(() => { throw new TypeError('no block') }, 1), error => !isRivuletError(error))
  })
})

test('the lines are those of the text, however it is cut into chunks', () => {
  const text = fc.array(fc.oneof(fc.constantFrom('\n', '\r\n', '日', '\u{1F600}', 'é'), fc.string()), { maxLength: 40 }).map(parts => parts.join(''))
  fc.assert(fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (whole, sizes, maxBytes) => {
    const { cutter, stored, counts } = open({ maxBytes })
    const bytes = Buffer.from(whole)
    let at = 0
    for (const size of [...sizes, bytes.length]) {
      if (at < bytes.length) cutter.push(bytes.subarray(at, at += size))
      if (size === 9) cutter.cut()
    }
    cutter.endOfInput()
    cutter.cut()
    const expected = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`
    assert.equal(stored.join(''), expected)
    assert.ok(stored.every(block => block.endsWith('\n')), 'a block ends with a line')
    assert.deepEqual(counts(), stored.map(block => block.split('\n').length - 1))
  }), { numRuns: 300 })
})

test('under a rate every batch has at most its lines, evenly, and the lines are those of the text', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom('a', 'é') }), { maxLength: 30 }), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), fc.integer({ min: 1, max: 8 }), async (lines, sizes, rate) => {
    const { cutter, stored, counts, clock, blocks, limit } = open({ rate, intervalMs: 200 })
    const bytes = Buffer.from(lines.map(line => `${line}\n`).join('') + 'last')
    let at = 0
    for (const size of [...sizes, bytes.length]) if (at < bytes.length) cutter.push(bytes.subarray(at, at += size))
    cutter.endOfInput()
    const batches: number[] = []
    for (let batch = 0; batch <= lines.length + 1; batch++) {
      await clock.advance(1_000)
      cutter.drain()
      cutter.cut()
      limit.nextBatch()
      batches.push(counts().reduce((sum, n) => sum + n, 0))
    }
    const full = Math.floor(lines.length / rate)
    assert.deepEqual(batches.slice(0, full), Array.from({ length: full }, () => rate))
    assert.equal(stored.join(''), `${bytes.toString()}\n`)
    assert.ok(cutter.isEmpty && !blocks.isFull)
  }), { numRuns: 100 })
})
