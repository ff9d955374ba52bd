// The contract of ReplayableSource as test cases, for the authors of sources.
//
// Cases are data: a name and an async function that throws when the contract is broken, so that every test runner can run them.

import assert from 'node:assert/strict'
import { deserialize, serialize } from 'node:v8'
import type { ReplayableSource } from '../streaming/input/replayable-source.ts'

/** A source for one test case, over data of its own. */
export interface SourceUnderTest<Offset, Part, T> {
  readonly source: ReplayableSource<Offset, Part, T>
  /** Adds `n` records behind the others, and gives them. They are there for `latest` when this has resolved. */
  append(n: number): readonly T[] | Promise<readonly T[]>
  /** Another source object over the same data, as after a restart of the program. */
  reopen(): ReplayableSource<Offset, Part, T> | Promise<ReplayableSource<Offset, Part, T>>
  close?(): void | Promise<void>
}

export interface SourceContractOptions<Offset, Part, T> {
  /** Opens a source without records; called once a case. */
  open(): SourceUnderTest<Offset, Part, T> | Promise<SourceUnderTest<Offset, Part, T>>
}

/** One case of a contract: `test(name, run)`. */
export interface ContractCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/**
 * The test cases of the ReplayableSource contract.
 *
 * @example
 * import test from 'node:test'
 * import { replayableSourceContract } from 'rivulet/testing'
 * const open = () => {
 *   const log: string[] = []
 *   const source = {
 *     initial: async () => 0,
 *     latest: async (from: number, limit: number) => Math.min(log.length, from + limit),
 *     split: (from: number, to: number) => (from === to ? [] : [log.slice(from, to)]),   // the part is the data itself
 *     read: (part: string[]) => part,
 *   }
 *   const append = (n: number) => { const more = Array.from({ length: n }, (_, i) => `line ${log.length + i}`); log.push(...more); return more }
 *   return { source, append, reopen: () => ({ ...source }) }
 * }
 * for (const { name, run } of replayableSourceContract({ open })) test(name, run)
 */
export function replayableSourceContract<Offset, Part, T>({ open }: SourceContractOptions<Offset, Part, T>): ContractCase[] {
  const signal = new AbortController().signal
  const cases: Record<string, (tested: SourceUnderTest<Offset, Part, T>) => Promise<void>> = {
    'without new records the latest offset is the one before, and has no parts': async ({ source, append }) => {
      const initial = await source.initial(signal)
      assert.deepEqual(await source.latest(initial, Infinity, signal), initial, 'nothing has been appended')
      assert.deepEqual([...source.split(initial, initial)], [])
      await append(3)
      const end = await source.latest(initial, Infinity, signal)
      assert.deepEqual(await source.latest(end, Infinity, signal), end, 'nothing has been appended since')
      assert.deepEqual([...source.split(end, end)], [])
    },
    'every record is read once, in order, over several ranges': async ({ source, append }) => {
      const expected: T[] = []
      const got: T[] = []
      let from = await source.initial(signal)
      for (const n of [5, 0, 1, 40]) {
        expected.push(...(await append(n)))
        const to = await source.latest(from, Infinity, signal)
        got.push(...(await readAll(source, from, to)))
        from = to
      }
      assert.deepEqual(got, expected)
    },
    'the same part gives the same records, whatever was appended or read since': async ({ source, append }) => {
      const from = await source.initial(signal)
      const expected = await append(20)
      const to = await source.latest(from, Infinity, signal)
      const parts = [...source.split(from, to)]
      assert.deepEqual((await Promise.all(parts.map(part => read(source, part)))).flat(), expected, 'read at once')
      await append(20)
      await readAll(source, to, await source.latest(to, Infinity, signal))
      assert.deepEqual((await Promise.all(parts.map(part => read(source, part)))).flat(), expected, 'read again')
      assert.deepEqual(await readAll(source, from, to), expected, 'split again')
    },
    'a limit is kept, and there is progress under it': async ({ source, append }) => {
      const expected = await append(25)
      const got: T[] = []
      let from = await source.initial(signal)
      for (let rounds = 0; got.length < expected.length; rounds++) {
        assert.ok(rounds <= expected.length, 'a range under a limit is empty although there are records')
        const to = await source.latest(from, 10, signal)
        const records = await readAll(source, from, to)
        assert.ok(records.length <= 10, `${records.length} records under a limit of 10`)
        got.push(...records)
        from = to
      }
      assert.deepEqual(got, expected)
    },
    'offsets and parts are plain data': async ({ source, append }) => {
      const copy = <V>(value: V): V => deserialize(serialize(value)) as V
      const initial = await source.initial(signal)
      const expected = await append(10)
      const from = copy(initial)
      const to = copy(await source.latest(from, Infinity, signal))
      const records: T[] = []
      for (const part of source.split(from, to)) records.push(...(await read(source, copy(part))))
      assert.deepEqual(records, expected)
    },
    'another source object goes on from a remembered offset': async ({ source, append, reopen }) => {
      const from = await source.initial(signal)
      const first = await append(10)
      const middle = await source.latest(from, Infinity, signal)
      await source.committed?.(middle)
      const second = await append(10)
      const other = await reopen()
      assert.deepEqual(await readAll(other, middle, await other.latest(middle, Infinity, signal)), second, 'what came later')
      assert.deepEqual(await readAll(other, from, middle), first, 'the range before')
    },
    'committing does not change what later ranges have': async ({ source, append }) => {
      let from = await source.initial(signal)
      for (let i = 0; i < 3; i++) {
        const expected = await append(5)
        const to = await source.latest(from, Infinity, signal)
        assert.deepEqual(await readAll(source, from, to), expected)
        await source.committed?.(to)
        from = to
      }
    },
    'an aborted signal does not make it hang': async ({ source, append }) => {
      const from = await source.initial(signal)
      await append(5)
      const to = await source.latest(from, Infinity, signal)
      const aborted = AbortSignal.abort(new Error('stopped'))
      await source.latest(to, Infinity, aborted).catch(() => {})
      for (const part of source.split(from, to)) await read(source, part, aborted).catch(() => {})
    },
  }
  return Object.entries(cases).map(([name, check]) => ({
    name,
    run: async () => {
      const tested = await open()
      try {
        await check(tested)
      } finally {
        await tested.close?.()
      }
    },
  }))
}

/** Reads a part as a task does: without the source as `this`. */
async function read<Part, T>({ read }: ReplayableSource<unknown, Part, T>, part: Part, signal = new AbortController().signal): Promise<T[]> {
  const records: T[] = []
  for await (const record of read.call(undefined as never, part, signal)) records.push(record)
  return records
}

async function readAll<Offset, Part, T>(source: ReplayableSource<Offset, Part, T>, from: Offset, to: Offset): Promise<T[]> {
  const records: T[] = []
  for (const part of source.split(from, to)) records.push(...(await read(source as ReplayableSource<unknown, Part, T>, part)))
  return records
}
