// Many seeds of whole programs in a simulated world: see simulation.fixture.ts.
//
// RIVULET_SEEDS sets how many, RIVULET_SHARD=i/n which part of them; RIVULET_SEED names one to run again, and shows all that happens in it.

import assert from 'node:assert/strict'
import test from 'node:test'
import { regressions } from './regressions.ts'
import { simulate, type Story } from './simulation.fixture.ts'

const one = process.env.RIVULET_SEED
const [shard, shards] = (process.env.RIVULET_SHARD ?? '0/1').split('/').map(Number) as [number, number]
const many = Number(process.env.RIVULET_SEEDS ?? 300)
/** A busy machine may end early, where nobody said how many. */
const untilMs = process.env.RIVULET_SEEDS === undefined ? Date.now() + 60_000 : Infinity
const seeds = one !== undefined ? [Number(one)] : Array.from({ length: many }, (_, seed) => seed).filter(seed => seed % shards === shard)

/** What has to happen in so many seeds. */
const covered = [
  'ends', 'is killed', 'loses power', 'is stopped', 'finds the disk full', 'death of a worker', 'lost a task', 'lost an answer', 'out of memory', 'RIV_FILE_FULL', 'RIV_JOURNAL_FENCED',
  'a function failed', 'the clock was set', 'a copy of a task', 'RIV_JOURNAL_CORRUPT', 'goes on with damage',
]

test(`${seeds.length} seeds give what a program gives that nothing happens to`, async t => {
  const events = new Map<string, number>()
  let ran = 0
  for (const seed of seeds) {
    if (Date.now() > untilMs) break
    ran++
    const story = await run(seed)
    for (const event of story.events) events.set(event, (events.get(event) ?? 0) + 1)
    if (one !== undefined) console.log([JSON.stringify(story.plan), ...story.lines].join('\n'))
  }
  t.diagnostic(`${ran} seeds`)
  if (ran >= 300) assert.deepEqual(covered.filter(event => !events.has(event)), [], JSON.stringify([...events]))
})

test('seeds that once found something', async () => {
  if (one === undefined) for (const [seed] of regressions) await run(seed)
})

test('a seed gives the same run again', async () => {
  for (const seed of seeds.slice(0, 5)) assert.equal((await run(seed)).hash, (await run(seed)).hash)
})

async function run(seed: number): Promise<Story> {
  try {
    return await simulate(seed, one === undefined ? {} : { trace: lines => console.log(lines.join('\n')) })
  } catch (error) {
    console.log(`to see it again: RIVULET_SEED=${seed} npm test -- test/simulation`)
    throw error
  }
}
