// The crash matrix for as long as one likes: `npm run soak -- recovery --kills 10000 --from 0 --lanes 2`.
//
// - It says every half a minute how far it is; Ctrl-C ends it with what was found so far, a second one at once; nothing is left behind.
// - A case that fails says how to run it again, and the others go on. RIVULET_KILLS is the number of kills where --kills is not said.

import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CrashMatrix } from './crash-matrix.ts'

const { values } = parseArgs({ options: {
  kills: { type: 'string', default: process.env.RIVULET_KILLS ?? '10000' },
  from: { type: 'string', default: '0' },
  lanes: { type: 'string', default: String(availableParallelism()) },
} })
const kills = Number(values.kills)
const from = Number(values.from)
const root = mkdtempSync(join(tmpdir(), 'rivulet-soak-'))
const matrix = new CrashMatrix(root)
const failed: number[] = []
const startMs = performance.now()
let seed = from
let ends = false
let endsMs = Infinity

const say = (): void => {
  const seconds = (performance.now() - startMs) / 1000
  const left = Math.round(seconds / Math.max(1, matrix.kills) * (kills - matrix.kills) / 60)
  console.log(`${matrix.kills} of ${kills} kills at ${matrix.killsBy.size} places, seeds ${from} to ${seed - 1}, ${failed.length} failed, ${Math.round(seconds)} s${ends ? '' : `, about ${left} min left`}`)
}
const end = (): void => {
  if (performance.now() - endsMs > 1_000) process.exit(130) // sooner it may be the same one, by two ways
  if (ends) return
  ends = true
  endsMs = performance.now()
  process.exitCode = 130
  matrix.killAll()
}
process.on('SIGINT', end).on('SIGTERM', end).on('exit', () => { // also where a second signal ends it at once
  matrix.killAll()
  rmSync(root, { recursive: true, force: true })
})
const told = setInterval(say, 30_000)

async function lane(): Promise<void> {
  while (!ends && matrix.kills < kills) {
    const mine = seed++
    try {
      await matrix.run(mine)
    } catch (error) {
      if (ends) return // its driver was killed from here
      failed.push(mine)
      process.exitCode = 1
      const { message, cause } = error as Error
      console.error(`\n${message}\n${String((cause as Error).stack)}\nagain: RIVULET_SEED=${mine} npm test -- test/recovery/crash-matrix.test.ts\n`)
    }
  }
}
await Promise.all(Array.from({ length: Number(values.lanes) }, lane))
clearInterval(told)
ends = true
say()
if (failed.length > 0) console.log(`failed: ${failed.join(', ')}`)
await matrix.close()
