// Classes that travel: one class per worker, known on both sides, whatever brings them there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captureClass, loadClass, refOfClass, resolveClass } from '../../src/wire/closure/classes.ts'
import type { ClassRef } from '../../src/wire/closure/classes.ts'
import { Time } from '../../src/base/time.ts'
import { SuiteWorker, captureForSuite } from './run-suite.ts'
import { rate, setRate } from './rate.fixture.ts'

const kept = globalThis as { kept?: { times(n: number): number } }

test('one class in a worker, with captured variables and static fields up to date', async () => {
  await using worker = new SuiteWorker()
  let factor = 2
  class P { static label = 'a'; times(n: number) { return n * factor } }
  const first = () => { kept.kept = new P(); return [kept.kept.times(10), P.label] }
  const second = () => [kept.kept instanceof P, kept.kept!.times(10), new P().times(10), P.label]
  assert.deepEqual(await worker.call(captureForSuite(first), []), [20, 'a'])
  factor = 3
  P.label = 'b'
  assert.deepEqual(await worker.call(captureForSuite(second), []), [true, 30, 30, 'b'])
})

test('the state of an imported module is the worker\'s own', async () => {
  await using worker = new SuiteWorker()
  setRate(7)
  assert.equal(rate, 7)
  assert.equal(await worker.call(captureForSuite(() => rate), []), 1)
})

test('references of classes', async () => {
  class Local {}
  const refs: readonly (readonly [Function, ClassRef['kind'] | undefined])[] = [[Map, 'global'], [Local, 'shipped'], [Time, 'module'], [URLSearchParams, 'global'], [SuiteWorker, 'module'], [Math.floor.bind(null), undefined]]
  for (const [ctor, kind] of refs) {
    const ref = refOfClass(ctor)
    assert.equal(ref?.kind, kind, ctor.name)
    if (ref === undefined) continue
    assert.equal(resolveClass(structuredClone(ref)), ctor)
    assert.equal(await loadClass(structuredClone(ref)), ctor)
  }
  const unknown: ClassRef = { kind: 'shipped', uid: 'nobody' }
  assert.equal(resolveClass(unknown), undefined)
  await assert.rejects(loadClass(unknown), { code: 'RIV_CLOSURE_CLASS' })
  assert.throws(() => captureClass('nobody'), { code: 'RIV_CLOSURE_CLASS' })
})

test('a worker names the classes of instances that it made, and the driver knows them', async () => {
  await using worker = new SuiteWorker()
  class Shipped { x = 1 }
  const inWorker = async (): Promise<unknown[]> => {
    class Inner {}
    const time = new Time(5)
    return [new Shipped(), time, new Inner(), new Map()].map(made => refOfClass(made.constructor))
  }
  const [shipped, time, inner, map] = await worker.call(captureForSuite(inWorker), []) as (ClassRef | undefined)[]
  assert.equal(resolveClass(shipped!), Shipped)
  assert.equal(resolveClass(time!) ?? await loadClass(time!), Time)
  assert.equal(inner, undefined)
  assert.equal(resolveClass(map!), Map)
})

test('a worker gets a class that no function has brought', async () => {
  await using worker = new SuiteWorker()
  class Unseen { twice(n: number) { return n * 2 } }
  const ref = refOfClass(Unseen)!
  assert.equal(ref.kind, 'shipped')
  const { codes, env } = captureClass((ref as { uid: string }).uid)
  const load = async (): Promise<unknown> => {
    const { loadClass: loadThere, onUnknownClass } = await import('../../src/wire/closure/classes.ts')
    onUnknownClass(() => Promise.resolve({ codes, env }))
    const ctor = await loadThere(ref) as new () => { twice(n: number): number }
    return [new ctor().twice(21), await loadThere(ref) === ctor]
  }
  assert.deepEqual(await worker.call(captureForSuite(load), []), [42, true])
})
