// The commit protocol of saves: what a reader can see of a folder, before, while and after it is written or replaced.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FileSystem } from '../../storage/file-system.ts'
import { localFileSystem } from '../../storage/local-file-system.ts'
import { saveFolder, type Replacing } from './save-folder.ts'

let root = ''
before(async () => { root = await mkdtemp(join(tmpdir(), 'rivulet-save-')) })
after(() => rm(root, { recursive: true }))

/** The only one that replaces. */
const alone: Replacing = { epoch: 1, assertNewest: async () => {}, again: false }

/** Runs a save whose tasks write one text each. */
async function save(folder: string, exists: 'refuse' | 'replace' | Replacing, texts: readonly string[], fs = localFileSystem): Promise<string[]> {
  return saveFolder(fs, { op: 'save', site: { place: '' }, folder, writer: 'savedText', ...(exists !== 'refuse' && { replaces: exists === 'replace' ? alone : exists }) }, async sink => {
    assert.ok(sink.to === 'partition' && sink.fn.kind === 'builtin')
    const temporary = (sink.fn.args[0] as { folder: string }).folder
    return Promise.all(texts.map(async (text, i) => {
      await writeFile(`${temporary}/${i}-x`, text)
      return { records: [`${temporary}/${i}-x`], count: 0 }
    }))
  })
}

/** The files of a folder and what is in them; undefined where there is no folder. */
async function shown(folder: string): Promise<Record<string, string> | undefined> {
  const names = await readdir(folder).catch(() => undefined)
  if (names === undefined) return undefined
  return Object.fromEntries(await Promise.all(names.sort().map(async name => [name, await readFile(`${folder}/${name}`, 'utf8')] as const)))
}
const whole = (...texts: string[]): Record<string, string> => ({ _SUCCESS: '', ...Object.fromEntries(texts.map((text, i) => [`part-0000${i}`, text])) })

test('replace writes a folder that is not there, and replaces one that is, with fewer parts too', async () => {
  const parent = `${root}/replaced`
  for (const texts of [['a', 'b', 'c'], ['d'], ['e', 'f']]) {
    assert.deepEqual(await save(`${parent}/out-1000/`, 'replace', texts), texts.map((_, i) => `${parent}/out-1000/part-0000${i}`))
    assert.deepEqual(await shown(`${parent}/out-1000`), whole(...texts))
    assert.deepEqual(await readdir(parent), ['out-1000'])
  }
})

test('replace takes the place of what another program left', async () => {
  await mkdir(`${root}/half/_temporary`, { recursive: true })
  await writeFile(`${root}/half/part-00007`, 'half')
  await save(`${root}/half`, 'replace', ['a'])
  assert.deepEqual(await shown(`${root}/half`), whole('a'))
})

test('a file is replaced by neither', async () => {
  await writeFile(`${root}/file`, 'mine')
  for (const exists of ['refuse', 'replace'] as const) await assert.rejects(save(`${root}/file`, exists, ['a']), { code: 'RIV_FILE_EXISTS' })
  assert.equal(await readFile(`${root}/file`, 'utf8'), 'mine')
})

test('a job that fails leaves the old folder, and nothing beside it', async () => {
  await save(`${root}/kept/out`, 'replace', ['old'])
  await assert.rejects(saveFolder(localFileSystem, { op: 'save', site: { place: '' }, folder: `${root}/kept/out`, replaces: alone, writer: 'savedText' }, async () => { throw new Error('no') }), /no/)
  assert.deepEqual(await readdir(`${root}/kept`), ['out'])
  assert.deepEqual(await shown(`${root}/kept/out`), whole('old'))
})

// Every crash: the file system stops working after n changes, for every n. What is seen then, and after the save is done again.
for (const exists of ['refuse', 'replace'] as const) {
  test(`${exists}: a crash after any change shows no half folder as a whole one, and the next save mends it`, async () => {
    for (let changes = 0; ; changes++) {
      const parent = `${root}/crash-${exists}-${changes}`
      if (exists === 'replace') await save(`${parent}/out`, 'replace', ['old', 'old too'])
      const finished = await save(`${parent}/out`, exists, ['new'], failingAfter(changes)).then(() => true, () => false)
      const seen = await shown(`${parent}/out`).catch(() => ({ half: '' }))
      if (finished) {
        assert.deepEqual(seen, whole('new'))
        assert.ok(changes >= 4)
        return
      }
      if (exists === 'replace') {
        assert.ok([undefined, whole('old', 'old too'), whole('new')].some(state => JSON.stringify(state) === JSON.stringify(seen)), JSON.stringify(seen))
        await save(`${parent}/out`, 'replace', ['new'])
        assert.deepEqual(await shown(`${parent}/out`), whole('new'))
        assert.deepEqual(await readdir(parent), ['out'])
      } else assert.ok(seen === undefined || !('_SUCCESS' in seen), JSON.stringify(seen))
    }
  })
}

// Every race: an older start of the program is stopped before its nth operation, a newer one writes up to its mth, the older one goes on to its
// end, and then the newer one does.
for (const was of ['there', 'not there']) test(`of two starts the newer one's folder stays, whenever the older one goes on; a folder was ${was}`, async () => {
  let [n, m] = [0, 0]
  let pauses = true
  for (; pauses; n++) for (m = 0, pauses = false; ; m++) {
    const parent = `${root}/race-${was}-${n}-${m}`
    const out = `${parent}/out`
    if (was === 'there') await save(out, 'replace', ['before'])
    let newest = 2
    const by = (epoch: number): Replacing => ({ epoch, again: true, async assertNewest() { if (epoch < newest) throw new Error('fenced') } })
    let newer: Promise<unknown> | undefined
    let finished = true
    const stopped = Promise.withResolvers<void>()
    const older = save(out, by(2), ['older', 'older too'], pausedBefore(n, async () => {
      newest = 3
      newer = save(out, by(3), ['newer'], pausedBefore(m, async () => {
        finished = false
        stopped.resolve()
        await older
      }))
      newer.finally(stopped.resolve).catch(() => {})
      await stopped.promise
    })).catch((error: Error) => error)
    const ended = await older
    await newer
    if (newer === undefined) { // the older one had ended before
      assert.deepEqual(await shown(out), whole('older', 'older too'))
      break
    }
    pauses = true
    assert.deepEqual(await shown(out), whole('newer'), `${n} ${m} ${String(ended)}`)
    assert.deepEqual((await readdir(parent)).filter(name => /new|\.3\./.test(name)), [], `${n} ${m}`)
    if (finished) break
  }
  assert.ok(n >= 9, String(n))
})

/** The local file system, which waits for something before its nth operation. */
function pausedBefore(nth: number, wait: () => Promise<void>): FileSystem {
  let left = nth
  return new Proxy(localFileSystem, {
    get(target, name: keyof FileSystem) {
      const method = target[name].bind(target) as (...args: unknown[]) => unknown
      return async (...args: unknown[]) => {
        if (left-- === 0) await Promise.resolve().then(wait)
        return method(...args)
      }
    },
  })
}

/** The local file system until so many changes are made; from then on every change fails, as for a process that is gone. */
function failingAfter(changes: number): FileSystem {
  let left = changes
  const changing = new Set(['create', 'createExclusive', 'writeAtomic', 'rename', 'makeDirectory', 'remove'])
  return new Proxy(localFileSystem, {
    get(target, name: keyof FileSystem) {
      const method = target[name].bind(target) as (...args: unknown[]) => unknown
      return changing.has(name) ? async (...args: unknown[]) => { if (left-- <= 0) throw new Error('crashed'); return method(...args) } : method
    },
  })
}
