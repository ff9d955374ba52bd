// File streams on real folders: which batch takes a file, what is left alone, what happens to files that change or vanish.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { after, afterEach, describe, test } from 'node:test'
import { ManualClock } from '../../base/clock.ts'
import type { RivuletError } from '../../base/define-errors.ts'
import { Time } from '../../base/time.ts'
import { Context } from '../../context/context.ts'
import { onEveryMaster } from '../../rdd/masters.fixture.ts'
import { localFileSystem } from '../../storage/local-file-system.ts'
import { replayableSourceContract } from '../../testing/replayable-source-contract.ts'
import { StreamingContext } from '../streaming-context.ts'
import { FileSource, type FileOffset, type FileStreamOptions } from './file-source.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rivulet-files-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
afterEach(() => StreamingContext.getActive()?.stop({ stopContext: false })) // of a test that failed

let folders = 0
const folder = (): string => {
  const path = join(scratch, `in${folders++}`)
  mkdirSync(path)
  return path
}

/** Writes a file with a modification time. */
function put(path: string, text: string | Uint8Array, modifiedMs: number): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  utimesSync(path, modifiedMs / 1000, modifiedMs / 1000)
}

/** Before batch `n` (from 1, a second each) the step does something; `expected` is what every batch gives. */
interface Case {
  readonly startMs?: number
  readonly pattern?: string
  readonly options?: FileStreamOptions
  readonly conf?: Record<string, unknown>
  /** Done before the start. */
  readonly before?: (dir: string) => void
  readonly steps: readonly ((dir: string) => void)[]
  readonly expected: readonly (readonly string[])[]
}

const nothing = (): void => {}

const cases: Record<string, Case> = {
  'a file belongs to the batch after its modification': {
    steps: [dir => put(`${dir}/a`, 'one\ntwo', 500), dir => put(`${dir}/b`, 'three\n', 1_001), nothing],
    expected: [['one', 'two'], ['three'], []],
  },
  'modified at the batch time is in, a millisecond later is the next': {
    steps: [dir => { put(`${dir}/a`, 'a', 1_000); put(`${dir}/b`, 'b', 1_001) }, nothing],
    expected: [['a'], ['b']],
  },
  'modified at the start is out, a millisecond later is in': {
    startMs: 10_000,
    before: dir => { put(`${dir}/old`, 'old', 10_000); put(`${dir}/new`, 'new', 10_001) },
    steps: [nothing], expected: [['new']],
  },
  'with newFilesOnly false those of the last minute count': {
    startMs: 100_000, options: { newFilesOnly: false },
    before: dir => { put(`${dir}/a`, 'too old', 41_000); put(`${dir}/b`, 'old', 41_001); put(`${dir}/c`, 'older', 99_000) },
    steps: [nothing, nothing], expected: [['old', 'older'], []],
  },
  'the remembered time is rounded up to whole batches': {
    startMs: 10_000, options: { newFilesOnly: false }, conf: { 'spark.streaming.fileStream.minRememberDuration': '2500 ms' },
    before: dir => { put(`${dir}/a`, 'a', 8_000); put(`${dir}/b`, 'b', 8_001) },
    steps: [nothing], expected: [['b']],
  },
  'a file that is changed after it was taken is not taken again': {
    steps: [dir => put(`${dir}/a`, 'first', 500), dir => put(`${dir}/a`, 'second', 1_500), nothing],
    expected: [['first'], [], []],
  },
  'its name is free again when the remembered time is over': {
    conf: { 'spark.streaming.fileStream.minRememberDuration': '2 s' },
    steps: [dir => put(`${dir}/a`, 'first', 500), nothing, nothing, dir => put(`${dir}/a`, 'second', 3_500)],
    expected: [['first'], [], [], ['second']],
  },
  'what comes late with an old modification time is too old': {
    conf: { 'spark.streaming.fileStream.minRememberDuration': '2 s' },
    steps: [nothing, nothing, dir => { put(`${dir}/a`, 'late', 1_000); put(`${dir}/b`, 'in time', 1_001) }],
    expected: [[], [], ['in time']],
  },
  'hidden files, unfinished ones and folders are left alone': {
    steps: [dir => {
      for (const name of ['.hidden', '_temporary', 'a._COPYING_', 'sub/inner']) put(`${dir}/${name}`, name, 500)
      utimesSync(`${dir}/sub`, 0.5, 0.5)
      put(`${dir}/b`, 'b', 500)
    }],
    expected: [['b']],
  },
  'a file that is moved in counts by its modification time': {
    before: dir => put(`${dir}/_writing`, 'whole', 1_200),
    steps: [nothing, dir => renameSync(`${dir}/_writing`, `${dir}/done`)], expected: [[], ['whole']],
  },
  'the folder need not exist yet': {
    pattern: 'later', steps: [nothing, dir => put(`${dir}/later/a`, 'a', 1_500)], expected: [[], ['a']],
  },
  'a glob of folders; a file that matches it is none': {
    pattern: 'day=*',
    steps: [dir => { put(`${dir}/day=1/a`, '1', 500); put(`${dir}/day=3`, 'file', 500) }, dir => put(`${dir}/day=2/a`, '2', 1_500)],
    expected: [['1'], ['2']],
  },
  'a filter gets paths': {
    options: { filter: path => path.endsWith('.txt') },
    steps: [dir => { put(`${dir}/a.txt`, 'a', 500); put(`${dir}/a.csv`, 'no', 500) }], expected: [['a']],
  },
  'several files are read in the order of their names, empty ones too': {
    steps: [dir => { for (const name of ['c', 'a', 'b']) put(`${dir}/${name}`, name === 'b' ? '' : `${name}1\r\n${name}2\n`, 500) }],
    expected: [['a1', 'a2', 'c1', 'c2']],
  },
  'a link is what it points at': {
    steps: [dir => { put(`${dir}/.store/x`, 'linked', 500); symlinkSync(`${dir}/.store/x`, `${dir}/x`); symlinkSync(`${dir}/.store/gone`, `${dir}/y`) }],
    expected: [['linked']],
  },
}

describe('textFileStream', () => {
  for (const [name, { startMs = 0, pattern, options, conf, before, steps, expected }] of Object.entries(cases)) {
    test(name, async () => {
      const dir = folder()
      before?.(dir)
      await using context = new Context({ master: 'inline', ...(conf && { conf }) })
      const clock = new ManualClock(startMs)
      const ssc = new StreamingContext(context, '1 s', { clock })
      const batches: string[][] = []
      ssc.textFileStream(pattern === undefined ? dir : join(dir, pattern), options).foreachRDD(async rdd => { batches.push(await rdd.collect()) })
      await ssc.start()
      for (const step of steps) {
        step(dir)
        await clock.advance(1_000)
      }
      await ssc.stop({ stopContext: false })
      assert.deepEqual(batches, expected)
    })
  }
})

onEveryMaster(context => {
  test('text, whole files and records of a fixed length, side by side', async () => {
    const dir = folder()
    const clock = new ManualClock()
    const ssc = new StreamingContext(context(), '1 s', { clock })
    const out: unknown[] = []
    ssc.textFileStream(dir).foreachRDD(async rdd => { out.push(await rdd.collect()) })
    ssc.fileStream(dir).map(([path, bytes]) => [path.slice(-1), bytes.length]).foreachRDD(async rdd => { out.push(await rdd.collect()) })
    ssc.binaryRecordsStream(dir, 3).map(bytes => [...bytes, bytes.buffer.byteLength].join()).foreachRDD(async rdd => { out.push(await rdd.collect()) })
    await ssc.start()
    put(`${dir}/a`, 'ab\ncd\n', 500)
    put(`${dir}/b`, 'xyz', 500)
    await clock.advance(2_000)
    await ssc.stop({ stopContext: false })
    assert.deepEqual(out, [['ab', 'cd', 'xyz'], [['a', 6], ['b', 3]], ['97,98,10,3', '99,100,10,3', '120,121,122,3'], [], [], []])
  })

  const failures: Record<string, [make: (ssc: StreamingContext, dir: string) => void, put: (dir: string) => void, code: string, message: RegExp]> = {
    'a file that vanishes before it is read': [
      (ssc, dir) => ssc.textFileStream(dir).foreachRDD(async rdd => { rmSync(`${dir}/a`); await rdd.count() }),
      dir => put(`${dir}/a`, 'a', 500), 'RIV_TASK', /foreachRDD at .* in the batch 1000 ms: .*no file or folder .*\/a/,
    ],
    'a file of half a record': [(ssc, dir) => ssc.binaryRecordsStream(dir, 4).print(), dir => put(`${dir}/a`, 'abcdef', 500), 'RIV_RECORD_LENGTH', /\/a has 6 bytes.*4 bytes/],
    'a filter that throws': [
      (ssc, dir) => ssc.textFileStream(dir, { filter: () => { throw new Error('no filter') } }).print(), dir => put(`${dir}/a`, 'a', 500), 'RIV_SOURCE', /textFileStream at .*no filter/,
    ],
  }
  for (const [name, [make, write, code, message]] of Object.entries(failures)) {
    test(`${name} fails the batch, and says so`, async () => {
      const dir = folder()
      const clock = new ManualClock()
      const ssc = new StreamingContext(context(), '1 s', { clock })
      make(ssc, dir)
      const ended = ssc.awaitTermination().then(() => undefined, (error: RivuletError) => error)
      await ssc.start()
      write(dir)
      await clock.advance(1_000)
      await ssc.stop({ stopContext: false })
      const error = await ended
      assert.equal(error?.code, code, error?.message)
      assert.match(error!.message, message)
    })
  }
})

test('a record length that is none is refused at the call', async () => {
  await using context = new Context({ master: 'inline' })
  for (const length of [0, -1, 1.5, NaN]) {
    assert.throws(() => new StreamingContext(context, '1 s').binaryRecordsStream('x', length), (error: RivuletError) => error.code === 'RIV_RECORD_LENGTH_ARGUMENT' && error.message.includes(String(length)))
  }
})

test('a folder that cannot be listed is warned of, and asked again', async () => {
  const dir = folder()
  put(`${dir}/a`, 'a', 500)
  const warnings: string[] = []
  let broken = true
  const fs = Object.create(localFileSystem, { list: { value: async (path: string) => { if (broken) throw new Error('no permission'); return localFileSystem.list(path) } } }) as typeof localFileSystem
  const source = new FileSource({ fs, directory: dir, rememberMs: 60_000, warn: message => warnings.push(message) })
  const { signal } = new AbortController()
  const start = await source.initial(signal, new Time(0))
  assert.equal(await source.latest(start, Infinity, signal, new Time(1_000)), start)
  broken = false
  const offset = await source.latest(start, Infinity, signal, new Time(2_000))
  assert.deepEqual(source.split(start, offset).map(file => [file.path.slice(-1), file.bytes, file.timeMs]), [['a', 1, 2_000]])
  assert.match(warnings.join(), /in\d+ could not be listed.*no permission/)
})

test('after a restart a file still belongs to one batch, and the first start counts', async () => {
  const dir = folder()
  const { signal } = new AbortController()
  const open = (): FileSource => new FileSource({ fs: localFileSystem, directory: dir, rememberMs: 60_000, warn: assert.fail })
  let offset: FileOffset = await open().initial(signal, new Time(10_000))
  const take = async (timeMs: number): Promise<string[]> => {
    const from = deserialize(serialize(offset)) as FileOffset
    const source = open() // as after a restart
    offset = await source.latest(from, Infinity, signal, new Time(timeMs))
    return source.split(from, offset).map(file => file.path.slice(-1))
  }
  put(`${dir}/a`, 'a', 10_500)
  put(`${dir}/b`, 'b', 9_500)
  assert.deepEqual(await take(11_000), ['a'])
  put(`${dir}/c`, 'c', 11_500) // while the program was down
  put(`${dir}/a`, 'again', 12_500)
  for (const [timeMs, expected] of [[12_000, ['c']], [13_000, []], [14_000, []]] as const) assert.deepEqual(await take(timeMs), expected)
  assert.equal(offset.files.length, 2)
  put(`${dir}/d`, 'd', 200_000)
  assert.deepEqual(await take(200_000), ['d'])
  assert.deepEqual(offset.files.map(file => file.path.slice(-1)), ['d'], 'what is older than the remembered time is forgotten')
})

test('with a checkpoint a file is in one batch, also when the program was down', async () => {
  const [dir, checkpoint] = [folder(), folder()]
  const seen: string[] = []
  const run = async (startMs: number, body: (clock: ManualClock) => Promise<void>): Promise<void> => {
    await using context = new Context({ master: 'inline' })
    const clock = new ManualClock(startMs)
    const ssc = new StreamingContext(context, '1 s', { clock })
    ssc.checkpoint(checkpoint)
    ssc.textFileStream(dir).foreachRDD(async (rdd, time) => { for (const line of await rdd.collect()) seen.push(`${time.milliseconds} ${line}`) })
    await ssc.start()
    await body(clock)
    await ssc.stop({ graceful: true })
  }
  await run(500, async clock => {
    put(`${dir}/old`, 'older than the first start', 400)
    put(`${dir}/a`, 'a', 900)
    await clock.advance(500)
  })
  put(`${dir}/b`, 'b', 1_500)
  put(`${dir}/c`, 'c', 2_500)
  await run(3_000, async clock => {
    await clock.advance(0)
    put(`${dir}/d`, 'd', 3_500)
    await clock.advance(1_000)
  })
  assert.deepEqual(seen, ['1000 a', '2000 b', '3000 c', '4000 d'])
})

describe('the contract suite', () => {
  /** Its ticks are batches: a millisecond each. Limits mean nothing to files: how many records one has is known only when it is read. */
  const open = () => {
    const dir = folder()
    let [tick, written] = [1, 0]
    const reopen = () => {
      const source = new FileSource({ fs: localFileSystem, directory: dir, rememberMs: 60_000, warn: assert.fail })
      return {
        initial: (signal: AbortSignal) => source.initial(signal, new Time(tick)),
        latest: (from: FileOffset, limit: number, signal: AbortSignal) => source.latest(from, limit, signal, new Time(++tick)),
        split: (from: FileOffset, to: FileOffset) => source.split(from, to).map(file => file.path),
        async* read(path: string) { yield* Buffer.from(await localFileSystem.read(path)).toString().split('\n') },
      }
    }
    const append = (n: number): string[] => {
      const lines = Array.from({ length: n }, () => `line ${written++}`)
      if (n > 0) put(`${dir}/${String(written).padStart(6, '0')}`, lines.join('\n'), tick + 1)
      return lines
    }
    return { source: reopen(), append, reopen }
  }
  for (const { name, run } of replayableSourceContract({ open })) if (!name.startsWith('a limit')) test(name, run)
})
