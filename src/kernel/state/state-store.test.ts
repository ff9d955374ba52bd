// Both stores keep their contract: random changes, versions, ways back, deaths and new beginnings, against a plain Map. SEED repeats a run.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { encodeKey } from '../../wire/key/key-bytes.ts'
import { DiskTable, type DiskLimits } from './disk-table.ts'
import { StateTable } from './state-table.ts'
import { absent, type Cell, type LogRow, type StateStore, type Version } from './state-store.ts'

const root = mkdtempSync(join(tmpdir(), 'rivulet-store-'))
after(() => rmSync(root, { recursive: true }))

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))

interface ModelCell { value: unknown; at: number; seq: number }
/** By key and namespace. */
type Model = Map<string, ModelCell & { readonly key: unknown; readonly namespace: unknown }>
interface Entry { readonly rows: LogRow[]; readonly timeMs: number; readonly bytes: number }
interface Made { readonly head: string; readonly timeMs: number; readonly model: Model; readonly log: readonly Entry[] }

const keys: unknown[] = [...Array.from({ length: 12 }, (_, i) => `key ${i}`), 1, 0, -1.5, NaN, Infinity, 7n, true, null, undefined, '1', '', 'a\0b', '\ud800', ['a', 1], { a: 1, b: [2] }, new Date(5)]
const values: unknown[] = [1, -0, 'text', 'ü'.repeat(40), '\ud800', { n: 1, list: [1, 2] }, [1, 'a'], null, true, 12n, new Map([[1, 2]]), undefined]
const namespaces: unknown[] = [undefined, undefined, undefined, 'window', ['timer', 1]]

const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('batch' as const), changes: fc.array(fc.record({
    key: fc.nat(keys.length - 1), namespace: fc.nat(namespaces.length - 1), value: fc.nat(values.length - 1), remove: fc.nat(3).map(n => n === 0), later: fc.integer({ min: -3, max: 5 }),
  }), { maxLength: 14 }), end: fc.constantFrom('seal' as const, 'seal' as const, 'seal' as const, 'rollback' as const), due: fc.option(fc.nat(12)), all: fc.boolean(), again: fc.option(fc.nat(6)), commits: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('back' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('dies' as const), cleanly: fc.boolean(), loses: fc.boolean() }) },
)

type Step = typeof anyStep extends fc.Arbitrary<infer S> ? S : never
const batch = (numbers: readonly (readonly [key: number, namespace: number])[], again: number | null, commits: number): Step =>
  ({ do: 'batch', changes: numbers.map(([key, namespace]) => ({ key, namespace, value: 0, remove: false, later: 0 })), end: 'seal', due: null, all: false, again, commits })
/** What failed once: a version that was built from a log cut for it, and then taken back. */
const found: [Step[]][] = [[[
  batch([[0, 0], [0, 3]], null, 0), batch([[2, 0], [1, 0], [0, 0]], null, 1), batch([], 3, 0), batch([], 3, 1),
  { do: 'dies', cleanly: false, loses: false }, { do: 'dies', cleanly: false, loses: true }, batch([], null, 0),
]]]

interface Kind { readonly make: (of: { readonly version: Made; readonly committedMs: number }) => StateStore }

const limits: (DiskLimits & { readonly behindBytes: number })[] = [{ behindBytes: 0, written: 3, readBytes: 80 }, { behindBytes: 200, written: 2, readBytes: 200 }, { behindBytes: 1e9, written: 1, readBytes: 1e9 }]
const stores: [string, () => Kind][] = [
  ['memory', () => ({ make: () => new StateTable() })],
  ...limits.map((limit): [string, () => Kind] => [`disk, ${JSON.stringify(limit)}`, () => {
    const folder = mkdtempSync(join(root, 'state-'))
    let run = 0
    return { make: ({ version, committedMs }) => {
      const runs = Array.from({ length: run }, (_, i) => ({ run: `run ${i}`, untilMs: Infinity }))
      return new DiskTable({ folder, name: 'a', syncs: false, cacheBytes: 2_000, behindBytes: limit.behindBytes, run: `run ${run++}`, runs, versionMs: version.timeMs, logFromMs: version.log[0]?.timeMs ?? Infinity, committedMs }, limit)
    } }
  }]),
]

const idOf = (key: unknown, namespace: unknown): string => Buffer.from(encodeKey([namespace, key])).toString('hex')
const shown = (cells: Iterable<Cell>): unknown[] => Array.from(cells, ({ key, namespace, value, at }) => [key, namespace, value, at])
const inOrder = (model: Model): Model extends Map<string, infer C> ? C[] : never => [...model.values()].sort((a, b) => a.seq - b.seq)
const copyOf = (model: Model): Model => new Map([...model].map(([id, cell]) => [id, { ...cell }]))

for (const [name, make] of stores) test(`the store in ${name}, from seed ${seed}`, () => {
  fc.assert(fc.property(fc.array(anyStep, { minLength: 4, maxLength: 30 }), steps => {
    const kind = make()
    let [number, lastSeq, committedMs] = [0, 0, -Infinity]
    let before: Made | undefined
    let tried = false
    let version: Made = { head: 'empty', timeMs: -Infinity, model: new Map(), log: [] }
    const open = (): StateStore => {
      const store = kind.make({ version, committedMs })
      try {
        for (const { rows, timeMs, bytes } of version.log) if (timeMs > store.restoredMs) store.restore(rows, timeMs, bytes)
        store.built(version.head, { timeMs: version.timeMs, keys: version.model.size })
        return store
      } catch (error) {
        store.close()
        throw error
      }
    }
    let store = open()
    try {
      for (const step of steps) {
        if (step.do === 'dies') {
          store.close()
          if (step.loses && before !== undefined && version.timeMs > committedMs) [version, before] = [before, undefined]
          store = open()
          tried = true
          assert.deepEqual(shown(store.cells()), shown(inOrder(version.model) as unknown as Cell[]))
          continue
        }
        if (step.do === 'back') {
          if (before === undefined || version.timeMs <= committedMs) continue // what is final is not taken back
          ;[version, before] = [before, undefined]
        }
        if (!store.open(version.head, committedMs)) {
          assert.equal(step.do === 'back' && tried, true, 'what was tried since, or built anew, knows no way back')
          store.close()
          store = open()
          assert.equal(store.open(version.head, committedMs), true)
        }
        tried = true
        assert.equal(store.size, version.model.size)
        if (step.do === 'back') continue
        const timeMs = ++number * 10
        const model = copyOf(version.model)
        const touched = new Set<string>()
        const removedNow = new Map<string, number>()
        for (const change of step.changes) {
          const [key, namespace, value] = [keys[change.key], namespaces[change.namespace], values[change.value]]
          const id = idOf(key, namespace)
          const known = model.get(id)
          const cell = store.get(key, namespace)
          assert.deepEqual(cell && [cell.value, cell.at], known && [known.value, known.at])
          const at = timeMs + 10 * change.later
          if (change.remove) {
            if (cell === undefined) continue
            store.remove(cell)
            removedNow.set(id, known!.seq)
            model.delete(id)
          } else {
            if (cell === undefined) store.put(key, value, at, namespace)
            else store.set(cell, value, at)
            model.set(id, { key, namespace, value, at, seq: known?.seq ?? removedNow.get(id) ?? ++lastSeq })
          }
          touched.add(id)
        }
        if (step.due !== null) {
          const upToMs = timeMs - 10 * step.due
          const expected = inOrder(model).filter(({ at }) => at <= upToMs)
          const due = store.takeDue(upToMs)
          assert.deepEqual(shown(due), shown(expected as unknown as Cell[]))
          for (const [i, cell] of due.entries()) {
            const id = idOf(expected[i]!.key, expected[i]!.namespace)
            touched.add(id)
            if (i % 2 === 0) {
              store.remove(cell)
              model.delete(id)
            } else {
              store.set(cell, i, timeMs + 10)
              Object.assign(model.get(id)!, { value: i, at: timeMs + 10 })
            }
          }
        }
        if (step.all) {
          for (const cell of store.cells()) {
            const id = idOf(cell.key, cell.namespace)
            const { at } = cell
            if (at % 20 !== 0) continue
            touched.add(id)
            if (at % 30 === 0) {
              store.remove(cell)
              model.delete(id)
            } else {
              store.set(cell, 'seen', at + 10)
              Object.assign(model.get(id)!, { value: 'seen', at: at + 10 })
            }
          }
        }
        assert.deepEqual(shown(store.cells()), shown(inOrder(model) as unknown as Cell[]))
        assert.equal(store.size, model.size)
        assert.deepEqual(new Set(store.touched.map(({ key, namespace }) => idOf(key, namespace))), touched)
        if (step.end === 'rollback') {
          store.rollback()
          assert.deepEqual(shown(store.cells()), shown(inOrder(version.model) as unknown as Cell[]))
          continue
        }
        const again = step.again === null ? undefined : store.again(step.again + 1, timeMs)
        const puts = [...store.touched.filter(({ value }) => value !== absent), ...again?.cells ?? []]
        const rows: LogRow[] = [
          ...puts.map(({ key, value, at, seq, namespace }): LogRow => (namespace === undefined ? [key, value, at, seq] : [key, value, at, seq, namespace])),
          ...store.touched.filter(({ value }) => value === absent).map(({ key, namespace }): LogRow => (namespace === undefined ? [key] : [key, namespace])),
        ]
        const entry: Entry = { rows: structuredClone(rows), timeMs, bytes: 20 * rows.length + 1 }
        const keepFromMs = again?.keepFromMs ?? -Infinity
        before = version
        version = { head: `version ${number}`, timeMs, model, log: [...version.log.filter(old => old.timeMs >= keepFromMs), ...rows.length > 0 ? [entry] : []] }
        store.seal(version.head, timeMs, entry.bytes)
        tried = false
        assert.equal(store.holds(version.head), true)
        if (step.commits === 0) committedMs = timeMs
        else if (step.commits === 1) committedMs = Math.max(committedMs, before.timeMs)
      }
    } finally {
      store.close()
    }
  }), { seed, examples: found, numRuns: Number(process.env['RUNS'] ?? (name === 'memory' ? 200 : 60)) })
})

test('a version that is not there is refused', () => {
  for (const [, make] of stores) {
    const store = make().make({ version: { head: 'empty', timeMs: -Infinity, model: new Map(), log: [] }, committedMs: -Infinity })
    store.built('a', { timeMs: 0, keys: 0 } satisfies Version)
    assert.equal(store.open('b', 0), false)
    store.close()
  }
})

test('what a pass has yet to write again is looked up anew where it was written and let go meanwhile', () => {
  const table = new DiskTable({
    folder: mkdtempSync(join(root, 'state-')), name: 'a', syncs: false, cacheBytes: 0, behindBytes: 15, run: 'run', runs: [], versionMs: -Infinity, logFromMs: Infinity, committedMs: -Infinity,
  })
  const batch = (base: string, head: string, timeMs: number, values: Readonly<Record<string, number>>): unknown[] => {
    table.open(base, timeMs - 1_000)
    for (const [key, value] of Object.entries(values)) table.put(key, value, timeMs)
    const again = table.again(1, timeMs).cells.map(({ key, value }) => [key, value])
    table.seal(head, timeMs, 10)
    return again
  }
  table.built('empty', { timeMs: -Infinity, keys: 0 })
  assert.deepEqual(batch('empty', 'first', 1_000, { a: 1, b: 1 }), [])
  assert.deepEqual(batch('first', 'second', 2_000, {}), [['a', 1]])
  assert.deepEqual(batch('second', 'third', 3_000, { b: 2 }), [['a', 1]], 'b is not what it was')
  table.close()
})

test('keys that come and go in memory: their places are taken up again, their order stays, and the log is as long as it need be', () => {
  const store = new StateTable()
  store.built('0')
  const expected = new Map<string, number>()
  let log: { readonly timeMs: number; readonly rows: LogRow[] }[] = []
  let passes = 0
  for (let number = 1; number <= 60; number++) {
    assert.ok(store.open(String(number - 1)))
    const oldest = [...expected.keys()].slice(0, number > 5 ? 500 : 0)
    for (const key of oldest) {
      store.remove(store.get(key)!)
      expected.delete(key)
    }
    for (let i = 0; i < 500; i++) {
      const key = `the key ${number} ${i}`
      store.put(key, i, number)
      expected.set(key, i)
    }
    const { cells, keepFromMs = -Infinity } = store.again(300, number)
    if (keepFromMs > 0) passes++
    const rows = [...store.touched, ...cells].map(({ key, value, at, seq }): LogRow => (value === absent ? [key] : [key, value, at, seq]))
    log = [...log.filter(({ timeMs }) => timeMs >= keepFromMs), { timeMs: number, rows }]
    store.seal(String(number))
    assert.deepEqual(Array.from(store.cells(), ({ key, value }) => [key, value]), [...expected])
  }
  assert.ok(passes > 3, `${passes} passes`)
  assert.equal(store.get('the key 1 0'), undefined)
  const built = new StateTable()
  for (const { rows } of log) built.restore(rows)
  built.built('60')
  assert.deepEqual(shown(built.cells()), shown(store.cells()))
})
