// Many seeds of the journal's simulation: RIVULET_SEEDS sets how many, RIVULET_SEED names one to run again.

import assert from 'node:assert/strict'
import test from 'node:test'
import { simulate } from './simulation.fixture.ts'

const one = process.env.RIVULET_SEED
const seeds = one === undefined ? Array.from({ length: Number(process.env.RIVULET_SEEDS ?? 2_000) }, (_, i) => i) : [Number(one)]

test(`${seeds.length} seeds keep the journal's promises, and cover what can happen`, async () => {
  const events = new Map<string, number>()
  for (const seed of seeds) {
    const story = await simulate(seed)
    for (const event of story.events) events.set(event, (events.get(event) ?? 0) + 1)
    if (one !== undefined) console.log(story.lines.join('\n'))
  }
  if (seeds.length < 2_000) return
  const expected = [
    'cut a tail', 'disk full', 'fell back', 'fenced', 'found a damaged block', 'lost what was not acknowledged', 'pruned', 'read what was not acknowledged',
    'RIV_JOURNAL_CORRUPT', 'RIV_JOURNAL_UNUSABLE', 'RIV_JOURNAL_VERSION',
  ]
  assert.deepEqual(expected.filter(event => (events.get(event) ?? 0) < 3), [], JSON.stringify([...events]))
})

test('a seed gives the same run again', async () => {
  for (const seed of seeds.slice(0, 20)) assert.deepEqual(await simulate(seed), await simulate(seed))
})
