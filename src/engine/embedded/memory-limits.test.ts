// How memory is divided: what settings say goes first, and what threads may take stays within the whole.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Conf } from '../../base/define-settings.ts'
import { memoryLimits } from './memory-limits.ts'

const MB = 2 ** 20
const machines: [memory: string, threads: number, heapMB: number, taskMB: number][] = [
  ['2g', 0, 1_024, 256],
  ['2g', 1, 1_024, 256],
  ['2g', 2, 512, 128],
  ['2g', 4, 256, 64],
  ['2g', 16, 256, 16], // the least heap that is of use
  ['64g', 2, 4_096, 1_024], // the largest that a worker gets by itself
  ['64g', 16, 2_048, 512],
]

for (const [memory, threads, heapMB, taskMB] of machines) {
  test(`${threads} threads in ${memory}`, () => {
    const limits = memoryLimits(new Conf({ 'spark.driver.memory': memory }), threads, 4_096 * MB)
    const total = Number.parseInt(memory) * 2 ** 30
    assert.deepEqual([limits.heapBytes / MB, limits.taskBytes / MB], [heapMB, taskMB])
    assert.equal(limits.blockBytes, total / 4)
    assert.ok(limits.taskBytes * Math.max(1, threads) <= total / 8)
    assert.ok(limits.outputBytes * Math.max(1, threads) <= limits.blockBytes / 2)
    assert.ok(threads > 4 || limits.heapBytes * threads <= total / 2)
  })
}

test('what is given goes before what follows from the whole', () => {
  const conf = new Conf({ 'spark.driver.memory': '2g', 'memory.blocks': '64m', 'memory.worker': '144m', 'memory.shuffle': '20m', 'memory.decoded': '8m' })
  assert.deepEqual(memoryLimits(conf, 2, 4_096 * MB), { blockBytes: 64 * MB, heapBytes: 144 * MB, taskBytes: 10 * MB, groupBytes: 48 * MB, outputBytes: 16 * MB, decodedBytes: 8 * MB })
  assert.equal(memoryLimits(new Conf({ 'memory.decoded': '0' }), 2, 4_096 * MB).decodedBytes, 0)
})

test("a driver's heap that is smaller than its part", () => {
  for (const [limit, heap] of [[100, 50], [448, 256], [4_096, 3_904]] as const) { // with the young generation, and without
    const { heapBytes, taskBytes } = memoryLimits(new Conf({ 'spark.driver.memory': '64g' }), 0, limit * MB)
    assert.deepEqual([heapBytes, taskBytes], [heap * MB, heap * MB / 4])
  }
})
