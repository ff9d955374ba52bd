// The DAG scheduler as a state machine: events in, recorded effects out. No threads, no clock.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallSite } from '../../base/call-site.ts'
import { builtin, pipeline, shuffle, source, union } from '../../rdd/nodes.ts'
import type { Plan, PlanSink, ShufflePlan } from '../../rdd/plan.ts'
import { DagScheduler } from './dag-scheduler.ts'
import type { Effect, Presence } from './dag-scheduler.ts'

const site: CallSite = { place: 'test.ts:1:1' }
const collect: PlanSink = { to: 'collect' }
const sourceOf = (partitions: number): Plan => source('parallelize', site, Array.from({ length: partitions }, () => ({ kind: 'records' as const, records: [] })))
const mapped = (plan: Plan): Plan => pipeline(plan, 'map', site, [{ op: 'map', fn: builtin('keyOf') }])
const shuffled = (plan: Plan, partitions: number): ShufflePlan => shuffle(plan, 'partitionBy', site, { by: 'hash', partitions })
const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** A scheduler over blocks that are remembered as the engine would, with effects written as text. */
class Harness {
  readonly shuffles = new Set<ShufflePlan>()
  readonly kept = new Set<Plan>()
  readonly tasks = new Map<string, number>()
  readonly presence: Presence = { hasShuffle: plan => this.shuffles.has(plan), keepsAll: plan => this.kept.has(plan) }
  readonly scheduler = new DagScheduler<string>(this.presence)

  submit(id: number, plan: Plan, partitions: readonly number[]): string[] {
    return this.#show(this.scheduler.submit(id, plan, collect, partitions))
  }

  ok(name: string): string[] {
    return this.#show(this.scheduler.succeeded(this.#task(name), name))
  }

  fail(name: string, retry = true): string[] {
    return this.#show(this.scheduler.failed(this.#task(name), { error: new Error(`${name} failed`), retry }))
  }

  cancel(id: number): string[] {
    return this.#show(this.scheduler.cancel(id, new Error('cancelled')))
  }

  speculate(name: string): string[] {
    return this.#show(this.scheduler.speculate(this.#task(name)))
  }

  kill(name: string): string[] {
    return this.#show(this.scheduler.failed(this.#task(name), { error: new Error('killed'), retry: true, excused: true }))
  }

  #task(name: string): number {
    const id = this.tasks.get(name)
    assert(id !== undefined, `no task ${name}; there are ${[...this.tasks.keys()].join(' ')}`)
    return id
  }

  /** What the scheduler tells of jobs and stages. */
  readonly told: string[] = []

  #show(effects: readonly Effect<string>[]): string[] {
    return effects.flatMap(effect => {
      switch (effect.effect) {
        case 'started': this.told.push(`job ${effect.job} of ${effect.stages.map(stage => `${stage.id}(${stage.numTasks}) after [${stage.parentIds.join()}]`).join(' ')}`); return []
        case 'submitted': this.told.push(`submitted ${effect.stage.id}`); return []
        case 'completed': this.told.push(`completed ${effect.stage.id}${effect.error === undefined ? '' : `: ${effect.error.message}`}`); return []
        case 'launch': {
          const { stage, partition, attempt, id } = effect.task
          const name = `${stage.id}.${partition}${attempt === 1 ? '' : `#${attempt}`}`
          this.tasks.set(name, id)
          return `launch ${name}`
        }
        case 'cancel': return `cancel ${effect.task.stage.id}.${effect.task.partition}`
        case 'result': return `job ${effect.job}: ${effect.partition} = ${effect.output}`
        case 'shuffled': this.shuffles.add(effect.shuffle); return `shuffled ${[...effect.outputs.values()].join(' ')}`
        case 'discard': return `discard ${effect.output}`
        case 'done': return `job ${effect.job} done`
        case 'failed': return `job ${effect.job} failed: ${effect.error.message}`
      }
    })
  }
}

test('a job of narrow steps is one stage; it is done when each partition has given its result', () => {
  const h = new Harness()
  assert.deepEqual(h.submit(1, mapped(sourceOf(2)), all(2)), ['launch 1.0', 'launch 1.1'])
  assert.deepEqual(h.ok('1.1'), ['job 1: 1 = 1.1'])
  assert.deepEqual(h.ok('1.0'), ['job 1: 0 = 1.0', 'job 1 done'])
  assert.equal(h.scheduler.idle, true)
})

test('only the partitions asked for run', () => {
  const h = new Harness()
  assert.deepEqual(h.submit(1, sourceOf(4), [2]), ['launch 1.2'])
})

test('a job without partitions is done at once', () => {
  const h = new Harness()
  assert.deepEqual(h.submit(1, sourceOf(0), []), ['job 1 done'])
})

test('the reduce side starts when every map task is done, and the shuffle is registered before', () => {
  const h = new Harness()
  assert.deepEqual(h.submit(1, shuffled(sourceOf(2), 3), all(3)), ['launch 2.0', 'launch 2.1'])
  assert.deepEqual(h.ok('2.0'), [])
  assert.deepEqual(h.ok('2.1'), ['shuffled 2.0 2.1', 'launch 1.0', 'launch 1.1', 'launch 1.2'])
})

test('a shuffle of nothing needs no task', () => {
  const h = new Harness()
  assert.deepEqual(h.submit(1, shuffled(sourceOf(0), 2), all(2)), ['shuffled ', 'launch 1.0', 'launch 1.1'])
})

test('a shuffle that is present is not computed again', () => {
  const h = new Harness()
  const plan = shuffled(sourceOf(1), 1)
  h.shuffles.add(plan)
  assert.deepEqual(h.submit(1, mapped(plan), all(1)), ['launch 1.0'])
})

test('above a kept RDD nothing runs', () => {
  const h = new Harness()
  const plan = mapped(shuffled(sourceOf(1), 1))
  plan.storage = 'MEMORY_ONLY'
  assert.deepEqual(h.submit(1, mapped(plan), all(1)), ['launch 2.0'])
  h.kept.add(plan)
  assert.deepEqual(h.submit(2, mapped(plan), all(1)), ['launch 3.0'])
})

test('two jobs that need a shuffle at once compute it once', () => {
  const h = new Harness()
  const plan = shuffled(sourceOf(1), 1)
  assert.deepEqual(h.submit(1, mapped(plan), all(1)), ['launch 2.0'])
  assert.deepEqual(h.submit(2, mapped(plan), all(1)), [])
  assert.deepEqual(h.ok('2.0'), ['shuffled 2.0', 'launch 1.0', 'launch 3.0'])
})

test('a union waits for the shuffles of all its parents', () => {
  const h = new Harness()
  const plan = union([shuffled(sourceOf(1), 1), mapped(shuffled(sourceOf(1), 2))], 'union', site)
  assert.deepEqual(h.submit(1, plan, all(3)), ['launch 2.0', 'launch 3.0'])
  assert.deepEqual(h.ok('3.0'), ['shuffled 3.0'])
  assert.deepEqual(h.ok('2.0'), ['shuffled 2.0', 'launch 1.0', 'launch 1.1', 'launch 1.2'])
})

test('a failed attempt is made again, four times in all', () => {
  const h = new Harness()
  h.submit(1, sourceOf(1), all(1))
  assert.deepEqual(h.fail('1.0'), ['launch 1.0#2'])
  assert.deepEqual(h.fail('1.0#2'), ['launch 1.0#3'])
  assert.deepEqual(h.fail('1.0#3'), ['launch 1.0#4'])
  assert.deepEqual(h.fail('1.0#4'), ['job 1 failed: 1.0#4 failed'])
})

test('a failure that cannot be mended is final; what still runs is cancelled, and its late output discarded', () => {
  const h = new Harness()
  h.submit(1, sourceOf(2), all(2))
  assert.deepEqual(h.fail('1.0', false), ['cancel 1.1', 'job 1 failed: 1.0 failed'])
  assert.deepEqual(h.ok('1.1'), ['discard 1.1'])
})

test('when a map task fails for good, the outputs of the others are discarded', () => {
  const h = new Harness()
  h.submit(1, shuffled(sourceOf(2), 1), all(1))
  h.ok('2.0')
  assert.deepEqual(h.fail('2.1', false), ['discard 2.0', 'job 1 failed: 2.1 failed'])
})

test('cancelling one of two jobs leaves the shuffle that the other needs', () => {
  const h = new Harness()
  const plan = shuffled(sourceOf(1), 1)
  h.submit(1, mapped(plan), all(1))
  h.submit(2, mapped(plan), all(1))
  assert.deepEqual(h.cancel(1), ['job 1 failed: cancelled'])
  assert.deepEqual(h.ok('2.0'), ['shuffled 2.0', 'launch 3.0'])
  assert.deepEqual(h.ok('3.0'), ['job 2: 0 = 3.0', 'job 2 done'])
})

test('a cancelled job is cancelled once', () => {
  const h = new Harness()
  h.submit(1, sourceOf(1), all(1))
  assert.deepEqual(h.cancel(1), ['cancel 1.0', 'job 1 failed: cancelled'])
  assert.deepEqual(h.cancel(1), [])
  assert.deepEqual(h.fail('1.0'), [])
})

test('it tells of jobs and stages: what runs, after what, and how it ended', () => {
  const h = new Harness()
  const first = shuffled(sourceOf(2), 2)
  h.submit(1, shuffled(mapped(first), 1), all(1))
  h.ok('3.0')
  h.ok('3.1')
  h.ok('2.0')
  h.ok('2.1')
  h.ok('1.0')
  h.submit(2, mapped(first), [1])
  h.fail('4.1', false)
  assert.deepEqual(h.told, [
    'job 1 of 1(1) after [2] 2(2) after [3] 3(2) after []', 'submitted 3', 'completed 3', 'submitted 2', 'completed 2', 'submitted 1', 'completed 1',
    'job 2 of 4(1) after []', 'submitted 4', 'completed 4: 4.1 failed',
  ])
})

test('of two attempts at a partition the first result wins, and the other is cancelled', () => {
  for (const [winner, loser] of [['1.0', '1.0'], ['1.0#2', '1.0']] as const) {
    const h = new Harness()
    h.submit(1, sourceOf(1), all(1))
    assert.deepEqual(h.speculate('1.0'), ['launch 1.0#2'])
    assert.deepEqual(h.speculate('1.0'), [], 'one copy at a time')
    assert.deepEqual(h.ok(winner), [`cancel ${loser}`, `job 1: 0 = ${winner}`, 'job 1 done'])
    assert.deepEqual(h.ok(winner === '1.0' ? '1.0#2' : '1.0'), [`discard ${winner === '1.0' ? '1.0#2' : '1.0'}`])
  }
})

test('an attempt that fails beside its copy leaves the task to the copy', () => {
  const h = new Harness()
  h.submit(1, sourceOf(1), all(1))
  h.speculate('1.0')
  assert.deepEqual(h.fail('1.0'), [])
  assert.deepEqual(h.fail('1.0#2'), ['launch 1.0#3'])
  assert.deepEqual(h.fail('1.0#3'), ['launch 1.0#4'])
  assert.deepEqual(h.fail('1.0#4'), ['job 1 failed: 1.0#4 failed'])
})

test('an attempt that is killed on purpose is made again, and does not count', () => {
  const h = new Harness()
  h.submit(1, sourceOf(1), all(1))
  assert.deepEqual(h.kill('1.0'), ['launch 1.0#2'])
  for (const attempt of [2, 3, 4]) h.fail(`1.0#${attempt}`)
  assert.deepEqual(h.fail('1.0#5'), ['job 1 failed: 1.0#5 failed'])
})
