// Blocks of a receiver: which batch gets them, and room for more.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredBlock } from '../../rdd/job-runner.ts'
import { ReceivedBlocks } from './received-blocks.ts'

function open(maxBytes: number) {
  const blocks = new ReceivedBlocks(maxBytes, async () => {})
  const released: number[] = []
  const store = (bytes: number): boolean => blocks.store((): StoredBlock => ({ ref: { slab: 0, generation: 0, offset: 0, bytes, count: 1 }, release: () => { released.push(bytes) } }), 1)
  return { blocks, released, store }
}

const hasRoom = (blocks: ReceivedBlocks): Promise<boolean> => Promise.race([blocks.room.then(() => true), new Promise<boolean>(resolve => { setImmediate(resolve, false) })])

test('a batch takes everything that waits, in order, with numbers that go on', () => {
  const { blocks, store } = open(100)
  store(1)
  store(2)
  assert.deepEqual(blocks.take(10).map(({ number, block }) => [number, block.ref.bytes]), [[0, 1], [1, 2]])
  assert.ok(blocks.isEmpty)
  store(3)
  assert.deepEqual(blocks.take(20).map(({ number }) => number), [2])
  assert.deepEqual(blocks.take(30), [])
})

test('memory is given back up to a time, each block once', () => {
  const { blocks, released, store } = open(100)
  for (const [bytes, batch] of [[1, 10], [2, 20], [3, 30]] as const) {
    store(bytes)
    blocks.take(batch)
  }
  blocks.release(20)
  blocks.release(20)
  assert.deepEqual(released, [1, 2])
  store(4)
  blocks.clear()
  assert.deepEqual(released, [1, 2, 3, 4])
})

test('there is no room from the limit on until a batch is over', async () => {
  const { blocks, store } = open(10)
  store(9)
  assert.ok(await hasRoom(blocks))
  store(9)
  assert.ok(blocks.isFull)
  assert.equal(await hasRoom(blocks), false)
  blocks.take(1)
  assert.equal(await hasRoom(blocks), false, 'taken is not over')
  blocks.release(1)
  assert.ok(await hasRoom(blocks))
})
