// Drivers are killed at failpoints and at any time; nothing is lost, nothing is counted twice. See crash-matrix.ts.
//
// RIVULET_KILLS sets how many kills there are, RIVULET_SEED names one case to run again.

import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { CrashMatrix } from './crash-matrix.ts'

const kills = Number(process.env.RIVULET_KILLS ?? 300)
const killsATest = 30
const one = process.env.RIVULET_SEED
const skip = process.platform === 'win32'

const root = await mkdtemp(join(tmpdir(), 'rivulet-recovery-'))
const matrix = new CrashMatrix(root)
after(async () => {
  await matrix.close()
  await rm(root, { recursive: true })
})

if (one !== undefined) test(`the case of seed ${one}`, () => matrix.run(Number(one)))
else {
  let seed = 0
  for (let before = 0; before < kills; before += killsATest) {
    const until = Math.min(before + killsATest, kills)
    test(`kills up to ${until} of ${kills} change no output and no state`, { skip }, async () => {
      const lane = async (): Promise<void> => { while (matrix.kills < until) await matrix.run(seed++) }
      await Promise.all([lane(), lane()])
    })
  }
  test('kills are everywhere', { skip: skip || kills < 300 }, t => {
    t.diagnostic(`${matrix.kills} kills at ${matrix.killsBy.size} places, ${seed} cases`)
    assert.ok(matrix.killsBy.size > 25, `kills at ${[...matrix.killsBy.keys()].join()}`)
  })
}
