// Drivers are killed at failpoints and at any time; nothing is lost, nothing is counted twice. See crash-matrix.ts.
//
// RIVULET_KILLS sets how many kills there are, RIVULET_SEED names one case to run again. Where they are not set, a busy machine may end early.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { CrashMatrix } from './crash-matrix.ts'

const kills = Number(process.env.RIVULET_KILLS ?? 300)
const untilMs = process.env.RIVULET_KILLS === undefined ? Date.now() + 120_000 : Infinity
const one = process.env.RIVULET_SEED

test(`${kills} kills change no output and no state`, { skip: process.platform === 'win32' }, async t => {
  const root = await mkdtemp(join(tmpdir(), 'rivulet-recovery-'))
  const matrix = new CrashMatrix(root)
  try {
    if (one !== undefined) return await matrix.run(Number(one))
    let seed = 0
    let told = 0
    const lane = async (): Promise<void> => {
      while (matrix.kills < kills && Date.now() < untilMs) {
        await matrix.run(seed++)
        if (kills <= 1000 || matrix.kills < told + 100) continue
        told = matrix.kills
        process.stderr.write(`${matrix.kills} of ${kills} kills, ${seed} cases\n`)
      }
    }
    await Promise.all([lane(), lane()])
    t.diagnostic(`${matrix.kills} kills at ${matrix.killsBy.size} places, ${seed} cases`)
    assert.ok(matrix.kills >= Math.min(kills, 50))
    if (matrix.kills >= 300) assert.ok(matrix.killsBy.size > 25, `kills at ${[...matrix.killsBy.keys()].join()}`)
  } finally {
    await matrix.close()
    await rm(root, { recursive: true })
  }
})
