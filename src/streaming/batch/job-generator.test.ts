// The state machine of batches: what it does for each event, and properties over random orders of events.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { JobGenerator, type BatchEffect } from './job-generator.ts'

/** Effects as short text: `advance 1000`, `output 1000 0`. */
const text = (effects: readonly BatchEffect[]): string => effects.map(effect => Object.values(effect).join(' ')).join(', ')

type Event = (generator: JobGenerator) => readonly BatchEffect[]
const start = (now: number): Event => g => g.start(now)
const tick = (now: number): Event => g => g.tick(now)
const fixed = (t: number): Event => g => g.fixed(t)
const advanced = (t: number, outputs: number, result: 'ok' | 'stop' = 'ok'): Event => g => g.advanced(t, outputs, result)
const done = (t: number, result: 'ok' | 'stop' = 'ok'): Event => g => g.outputDone(t, result)
const stop = (graceful: boolean, oneMore = false): Event => g => g.stop({ graceful, oneMore })

// Batches of 10, zero at 100. Each row: what happens, and the effects of each event.
const lives: [name: string, steps: [event: Event, effects: string][]][] = [
  ['one batch with two outputs', [
    [start(103), 'arm 110'],
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [advanced(110, 2), 'output 110 0'],
    [done(110), 'output 110 1'],
    [done(110), 'complete 110'],
    [tick(121), 'fix 120, arm 130'],
  ]],
  ['a batch without outputs that are due', [
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [advanced(110, 0), 'complete 110'],
  ]],
  ['a late tick makes every batch that is due, in order', [
    [tick(135), 'fix 110, fix 120, fix 130, arm 140'],
    [fixed(120), ''],
    [fixed(110), 'advance 110'],
    [advanced(110, 1), 'output 110 0'],
    [done(110), 'complete 110, advance 120'],
    [advanced(120, 1), 'output 120 0'],
    [done(120), 'complete 120'],
    [fixed(130), 'advance 130'],
  ]],
  ['inputs of the next batch are fixed while an output runs; nothing else happens to it', [
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [tick(120), 'fix 120, arm 130'],
    [fixed(120), ''],
    [advanced(110, 1), 'output 110 0'],
    [tick(130), 'fix 130, arm 140'],
    [fixed(130), ''],
    [done(110), 'complete 110, advance 120'],
  ]],
  ['a clock that steps back: the next batch all the same, one interval later', [
    [tick(110), 'fix 110, arm 120'],
    [tick(50), 'fix 120, arm 60'],
    [tick(60), 'fix 130, arm 70'],
    [tick(200), 'fix 140, fix 150, fix 160, fix 170, fix 180, fix 190, fix 200, arm 210'],
  ]],
  ['a failed output: the others of the batch run, later batches do not', [
    [tick(120), 'fix 110, fix 120, arm 130'],
    [fixed(110), 'advance 110'],
    [fixed(120), ''],
    [advanced(110, 3), 'output 110 0'],
    [done(110, 'stop'), 'output 110 1'],
    [done(110), 'output 110 2'],
    [done(110), 'complete 110, drop 120, halted'],
    [tick(130), ''],
    [stop(false), ''],
  ]],
  ['an advance that failed for a window which is not due', [
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [advanced(110, 1, 'stop'), 'output 110 0'],
    [done(110), 'complete 110, halted'],
  ]],
  ['stop while nothing runs', [
    [start(100), 'arm 110'],
    [stop(false), 'halted'],
    [stop(true, true), ''],
    [tick(110), ''],
  ]],
  ['stop while a batch runs and others wait', [
    [tick(130), 'fix 110, fix 120, fix 130, arm 140'],
    [fixed(110), 'advance 110'],
    [fixed(120), ''],
    [stop(false), 'drop 120, drop 130'],
    [fixed(130), ''],
    [advanced(110, 1), 'output 110 0'],
    [done(110), 'complete 110, halted'],
  ]],
  ['graceful stop: everything that is due, and one more', [
    [tick(120), 'fix 110, fix 120, arm 130'],
    [fixed(110), 'advance 110'],
    [fixed(120), ''],
    [stop(true, true), 'fix 130'],
    [fixed(130), ''],
    [advanced(110, 0), 'complete 110, advance 120'],
    [advanced(120, 0), 'complete 120, advance 130'],
    [advanced(130, 0), 'complete 130, halted'],
  ]],
  ['graceful stop while nothing runs and nothing waits', [
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [advanced(110, 0), 'complete 110'],
    [stop(true), 'halted'],
  ]],
  ['a stop that is not graceful after one that is', [
    [tick(120), 'fix 110, fix 120, arm 130'],
    [fixed(110), 'advance 110'],
    [stop(true), ''],
    [stop(false), 'drop 120'],
    [advanced(110, 0), 'complete 110, halted'],
  ]],
]

test('two outputs at once', () => {
  const generator = new JobGenerator(100, 10, { outputsAtOnce: 2 })
  const steps: [event: Event, effects: string][] = [
    [tick(110), 'fix 110, arm 120'],
    [fixed(110), 'advance 110'],
    [advanced(110, 3), 'output 110 0, output 110 1'],
    [tick(120), 'fix 120, arm 130'],
    [fixed(120), ''],
    [done(110), 'output 110 2'],
    [done(110, 'stop'), ''],
    [done(110), 'complete 110, drop 120, halted'],
  ]
  for (const [event, effects] of steps) assert.equal(text(event(generator)), effects)
})

test('what an earlier run began is due although the clock has stepped back, also for a graceful stop', () => {
  const begun = (): JobGenerator => new JobGenerator(100, 10, { begunMs: 130 })
  const goesOn: [event: Event, effects: string][] = [[start(50), 'arm 60'], [tick(60), 'fix 110, fix 120, fix 130, arm 70'], [tick(70), 'fix 140, arm 80']]
  const stops: [event: Event, effects: string][] = [[start(50), 'arm 60'], [stop(true, true), 'fix 110, fix 120, fix 130, fix 140'], [stop(false), 'drop 110, drop 120, drop 130, drop 140, halted']]
  for (const steps of [goesOn, stops]) {
    const generator = begun()
    for (const [event, effects] of steps) assert.equal(text(event(generator)), effects)
  }
})

describe('lives of batches', () => {
  for (const [name, steps] of lives) {
    test(name, () => {
      const generator = new JobGenerator(100, 10)
      steps.forEach(([event, effects], i) => assert.equal(text(event(generator)), effects, `event ${i}`))
    })
  }

  test('an answer for a batch that is not the one that runs is a bug', () => {
    const generator = new JobGenerator(100, 10)
    generator.tick(120)
    assert.throws(() => generator.outputDone(110, 'ok'), /Rivulet bug/)
    assert.throws(() => generator.advanced(120, 1, 'ok'), /Rivulet bug/)
  })
})

test('whatever the order of events: batches run one at a time, in order, each output once, and the end comes once', () => {
  // Each number picks one of the answers that are due; then time or a stop may come in between.
  fc.assert(fc.property(fc.array(fc.nat({ max: 99 }), { maxLength: 120 }), fc.nat({ max: 3 }), fc.boolean(), (choices, outputs, graceful) => {
    const generator = new JobGenerator(0, 10)
    const log: BatchEffect[] = []
    const open: BatchEffect[] = []
    const take = (effects: readonly BatchEffect[]): void => {
      log.push(...effects)
      open.push(...effects.filter(({ effect }) => effect === 'fix' || effect === 'advance' || effect === 'output'))
    }
    const answer = (choice: number): void => {
      const [effect] = open.splice(choice % Math.max(1, open.length), 1)
      if (effect?.effect === 'fix') take(generator.fixed(effect.timeMs))
      if (effect?.effect === 'advance') take(generator.advanced(effect.timeMs, outputs, 'ok'))
      if (effect?.effect === 'output') take(generator.outputDone(effect.timeMs, choice === 7 ? 'stop' : 'ok'))
    }
    let now = 0
    take(generator.start(now))
    for (const choice of choices) {
      if (choice % 3 === 0) take(generator.tick(now += choice % 2 === 0 ? 10 : 25))
      else answer(choice)
    }
    take(generator.stop({ graceful, oneMore: graceful }))
    while (open.length > 0) answer(0)

    assert.equal(log.filter(({ effect }) => effect === 'halted').length, 1)
    assert.equal(log.at(-1)!.effect, 'halted')
    const times = (kind: BatchEffect['effect']): number[] => log.flatMap(effect => (effect.effect === kind && 'timeMs' in effect ? [effect.timeMs] : []))
    const fixes = times('fix')
    assert.deepEqual(fixes, fixes.map((_, i) => (i + 1) * 10), 'no batch is left out')
    assert.deepEqual([...times('complete'), ...times('drop')].sort((a, b) => a - b), fixes, 'every batch ends once')
    const running = log.filter(({ effect }) => effect === 'advance' || effect === 'output' || effect === 'complete')
    const expected = times('complete').flatMap(t => [`advance ${t}`, ...Array.from({ length: outputs }, (_, i) => `output ${t} ${i}`), `complete ${t}`])
    assert.equal(text(running), expected.join(', '))
  }), { numRuns: 500 })
})
