// The contract of file-system.ts as tests; every file system's own test calls it.

import assert from 'node:assert/strict'
import test from 'node:test'
import { isRivuletError } from '../base/define-errors.ts'
import type { FileSystem } from './file-system.ts'

/** A file system under test and an empty folder of it. */
export interface ContractSubject {
  readonly fs: FileSystem
  readonly root: string
}

/** Declares the contract's tests; `make` gives each an empty folder, `dispose` removes it. */
export function fileSystemContract(name: string, make: () => Promise<ContractSubject & { dispose(): Promise<void> }>): void {
  const check = (property: string, body: (subject: ContractSubject) => Promise<void>): void => {
    test(`${name}: ${property}`, async () => {
      const subject = await make()
      try {
        await body(subject)
      } finally {
        await subject.dispose()
      }
    })
  }

  check('what is written is read', async ({ fs, root }) => {
    const writer = await fs.create(`${root}/a`)
    await writer.write('häl')
    await writer.write(new Uint8Array([108, 111, 10]))
    await writer.close({ sync: true })
    assert.equal(await text(fs, `${root}/a`), 'hällo\n')
    const { bytes, directory, path, modifiedMs } = (await fs.status(`${root}/a`))!
    assert.deepEqual({ bytes, directory, path }, { bytes: 7, directory: false, path: `${root}/a` })
    assert.ok(Math.abs(modifiedMs - Date.now()) < 60_000)
  })

  check('a writer does not keep the buffer it was given', async ({ fs, root }) => {
    const buffer = new Uint8Array([1])
    const writer = await fs.create(`${root}/a`)
    await writer.write(buffer)
    buffer[0] = 2
    await writer.close()
    assert.deepEqual([...await fs.read(`${root}/a`)], [1])
  })

  check('many small and some large writes keep their order', async ({ fs, root }) => {
    const writer = await fs.create(`${root}/a`)
    let expected = ''
    for (let i = 0; i < 300; i++) {
      const part = `${i},`.repeat(i % 50 === 0 ? 20_000 : 10)
      expected += part
      await writer.write(part)
    }
    await writer.close()
    assert.ok(await text(fs, `${root}/a`) === expected)
  })

  check('append adds chunks at the end, after what others have added; empty ones and views on shared memory too', async ({ fs, root }) => {
    await fs.createExclusive(`${root}/a`, 'one')
    const [first, second] = [await fs.append(`${root}/a`), await fs.append(`${root}/a`)]
    const many = Array.from({ length: 3_000 }, (_, i) => new Uint8Array(new SharedArrayBuffer(4), 0, i % 5 === 0 ? 0 : 1).fill(97 + i % 26))
    await first.append([])
    await first.append([Buffer.from(' two'), new Uint8Array(), Buffer.from(' three ')])
    await second.append(many)
    await first.append([Buffer.from(' four')])
    await first.sync()
    await first.close()
    await second.close()
    assert.equal(await text(fs, `${root}/a`), `one two three ${Buffer.concat(many).toString()} four`)
  })

  check('create replaces', async ({ fs, root }) => {
    for (const content of ['a long one', 'short']) {
      const writer = await fs.create(`${root}/a`)
      await writer.write(content)
      await writer.close()
    }
    assert.equal(await text(fs, `${root}/a`), 'short')
  })

  check('a range is read in order, in chunks of their own, up to the end of the file', async ({ fs, root }) => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 7)
    await fs.writeAtomic(`${root}/a`, bytes)
    for (const [from, to] of [[0, 3_000_000], [5, 6], [999_999, 2_500_001], [2_999_999, 9_000_000], [3_000_000, 4_000_000], [0, Infinity], [7, 7]] as const) {
      const chunks: Uint8Array[] = []
      for await (const chunk of fs.readRange(`${root}/a`, from, to)) chunks.push(chunk)
      assert.ok(Buffer.concat(chunks).equals(bytes.subarray(from, to)), `[${from}, ${to})`)
    }
  })

  check('a range may be left early', async ({ fs, root }) => {
    await fs.writeAtomic(`${root}/a`, new Uint8Array(3_000_000))
    for await (const chunk of fs.readRange(`${root}/a`, 0, Infinity)) { assert.ok(chunk.length > 0); break }
    await fs.remove(`${root}/a`)
  })

  check('a listing is sorted by name and gives paths that can be used', async ({ fs, root }) => {
    for (const name of ['b', 'a b', 'Z', 'ä%20#?.txt', '10', '9']) await fs.createExclusive(`${root}/${/^file:/.test(root) ? encodeURIComponent(name) : name}`, name)
    await fs.makeDirectory(`${root}/d/e`)
    const listed = await fs.list(root)
    assert.deepEqual(await Promise.all(listed.filter(s => !s.directory).map(s => text(fs, s.path))), ['10', '9', 'Z', 'a b', 'b', 'ä%20#?.txt'])
    assert.deepEqual(listed.filter(s => s.directory).map(s => [s.path, s.bytes]), [[`${root}/d`, 0]])
    assert.deepEqual(await fs.list(`${root}/d/`), await fs.list(`${root}/d`))
  })

  check('of many who create a name exclusively one wins', async ({ fs, root }) => {
    const settled = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => fs.createExclusive(`${root}/claim`, `${i}`)))
    const winners = settled.flatMap((s, i) => (s.status === 'fulfilled' ? [i] : []))
    assert.equal(winners.length, 1)
    for (const s of settled) if (s.status === 'rejected') assert.equal(codeOf(s.reason), 'RIV_FILE_EXISTS')
    assert.equal(await text(fs, `${root}/claim`), `${winners[0]}`)
  })

  check('an atomic write shows the old or the new content and leaves nothing else', async ({ fs, root }) => {
    const contents = ['a', 'b'].map(letter => letter.repeat(200_000))
    await fs.writeAtomic(`${root}/a`, contents[0]!)
    const writing = (async () => { for (let i = 1; i <= 20; i++) await fs.writeAtomic(`${root}/a`, contents[i % 2]!) })()
    for (let i = 0; i < 20; i++) assert.ok(contents.includes(await text(fs, `${root}/a`)))
    await writing
    assert.deepEqual((await fs.list(root)).map(s => s.path), [`${root}/a`])
  })

  check('rename moves a file or a folder, and replaces nothing', async ({ fs, root }) => {
    await fs.createExclusive(`${root}/a`, 'a')
    await fs.createExclusive(`${root}/b`, 'b')
    await rejects(fs.rename(`${root}/a`, `${root}/b`), 'RIV_FILE_EXISTS')
    assert.equal(await text(fs, `${root}/b`), 'b')
    await fs.rename(`${root}/a`, `${root}/c`)
    assert.equal(await text(fs, `${root}/c`), 'a')
    assert.equal(await fs.status(`${root}/a`), undefined)
    await fs.makeDirectory(`${root}/d/e`)
    await fs.makeDirectory(`${root}/f`)
    await rejects(fs.rename(`${root}/d`, `${root}/f`), 'RIV_FILE_EXISTS')
    await fs.rename(`${root}/d`, `${root}/g`)
    assert.equal((await fs.status(`${root}/g/e`))?.directory, true)
    await rejects(fs.rename(`${root}/a`, `${root}/h`), 'RIV_FILE_NOT_FOUND')
  })

  check('of many who rename to one name one wins', async ({ fs, root }) => {
    for (let i = 0; i < 8; i++) await fs.createExclusive(`${root}/${i}`, `${i}`)
    const settled = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => fs.rename(`${root}/${i}`, `${root}/winner`)))
    assert.equal(settled.filter(s => s.status === 'fulfilled').length, 1)
    assert.equal((await fs.list(root)).length, 8)
  })

  check('folders are made with their parents, twice without harm, and removed whole', async ({ fs, root }) => {
    await fs.makeDirectory(`${root}/a/b/c`)
    await fs.makeDirectory(`${root}/a/b/c`)
    await fs.createExclusive(`${root}/a/b/f`, '')
    await fs.remove(`${root}/a`)
    await fs.remove(`${root}/a`)
    assert.deepEqual(await fs.list(root), [])
  })

  const failures: [what: string, call: (fs: FileSystem, root: string) => Promise<unknown>, code: string][] = [
    ['reading a missing file', (fs, root) => fs.read(`${root}/missing`), 'RIV_FILE_NOT_FOUND'],
    ['a range of a missing file', async (fs, root) => { for await (const _ of fs.readRange(`${root}/missing`, 0, 1)) return }, 'RIV_FILE_NOT_FOUND'],
    ['listing a missing folder', (fs, root) => fs.list(`${root}/missing`), 'RIV_FILE_NOT_FOUND'],
    ['creating in a missing folder', (fs, root) => fs.create(`${root}/missing/a`), 'RIV_FILE_NOT_FOUND'],
    ['adding to a missing file', (fs, root) => fs.append(`${root}/missing`), 'RIV_FILE_NOT_FOUND'],
    ['adding to a folder', (fs, root) => fs.append(root), 'RIV_FILE_KIND'],
    ['an atomic write in a missing folder', (fs, root) => fs.writeAtomic(`${root}/missing/a`, ''), 'RIV_FILE_NOT_FOUND'],
    ['reading a folder', (fs, root) => fs.read(root), 'RIV_FILE_KIND'],
    ['creating where a folder is', (fs, root) => fs.create(root), 'RIV_FILE_KIND'],
    ['listing a file', async (fs, root) => { await fs.createExclusive(`${root}/a`, ''); return fs.list(`${root}/a`) }, 'RIV_FILE_KIND'],
    ['a folder below a file', async (fs, root) => { await fs.createExclusive(`${root}/a`, ''); return fs.makeDirectory(`${root}/a/b/c`) }, 'RIV_FILE_KIND'],
    ['a folder below a file, synced', async (fs, root) => { await fs.createExclusive(`${root}/a`, ''); return fs.makeDirectory(`${root}/a/b/c`, { sync: true }) }, 'RIV_FILE_KIND'],
  ]
  for (const [what, call, code] of failures) {
    check(`${what} fails with ${code}, naming the path`, async ({ fs, root }) => {
      const error = await rejects(call(fs, root), code)
      assert.ok(error.message.includes(root))
    })
  }

  check('what is missing has no status', async ({ fs, root }) => {
    await fs.createExclusive(`${root}/a`, '')
    assert.equal(await fs.status(`${root}/missing`), undefined)
    assert.equal(await fs.status(`${root}/a/below-a-file`), undefined)
  })
}

const text = async (fs: FileSystem, path: string): Promise<string> => Buffer.from(await fs.read(path)).toString()
const codeOf = (error: unknown): string => (isRivuletError(error) ? error.code : String(error))

async function rejects(promise: Promise<unknown>, code: string): Promise<Error> {
  const error: unknown = await promise.then(() => assert.fail(`resolved; ${code} was expected`), e => e)
  assert.equal(codeOf(error), code)
  return error as Error
}
