// Many seeds of whole programs in a simulated world: see simulation.fixture.ts.
//
// RIVULET_SEED names one seed to run alone, in this process, and shows all that happens in it; `npm run soak -- simulation` runs many.

import assert from 'node:assert/strict'
import test from 'node:test'
import { regressions } from './regressions.ts'
import { replayOf, runSeeds } from './run-seeds.fixture.ts'
import { simulate } from './simulation.fixture.ts'

const seeds = 300
/** A busy machine may end early. */
const untilMs = 60_000

/** What has to happen in so many seeds. */
const covered = [
  'ends', 'is killed', 'loses power', 'is stopped', 'finds the disk full', 'death of a worker', 'lost a task', 'lost an answer', 'out of memory', 'RIV_FILE_FULL', 'RIV_JOURNAL_FENCED',
  'a function failed', 'the clock was set', 'a copy of a task', 'RIV_JOURNAL_CORRUPT', 'goes on with damage', 'an output failed', 'a savepoint', 'begins from a savepoint',
]

const one = process.env.RIVULET_SEED
if (one !== undefined) {
  test(`seed ${one}`, async () => {
    const { plan } = await simulate(Number(one), { trace: lines => console.log(lines.join('\n')) })
    console.log(JSON.stringify(plan))
  })
} else {
  test(`${seeds} seeds give what a program gives that nothing happens to`, async t => {
    const { ran, failures, events } = await runSeeds({ from: 0, to: seeds, processes: 2, untilMs })
    t.diagnostic(`${ran} seeds`)
    const [first] = failures
    assert.ok(first === undefined, `${first?.failure}\n${first && replayOf(first.seed)}`)
    if (ran === seeds) assert.deepEqual(covered.filter(event => !events.has(event)), [], JSON.stringify([...events]))
  })

  test('seeds that once found something', async () => {
    for (const [seed] of regressions) await simulate(seed)
  })

  test('a seed gives the same run again, whatever ran before it', async () => {
    const seeds = [0, 1, 2, 3, 4, 5, 6, 7]
    const hashes = new Map<number, number>()
    for (const seed of seeds) hashes.set(seed, (await simulate(seed)).hash)
    for (const seed of seeds.toReversed()) assert.equal((await simulate(seed)).hash, hashes.get(seed), `seed ${seed}`)
  })
}
