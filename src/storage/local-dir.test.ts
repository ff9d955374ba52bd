// A context's folder for what does not fit in memory: made late, removed in every case.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { Conf } from '../base/define-settings.ts'
import { openLocalDir } from './local-dir.ts'
import { hasEnded, thisProcess } from './process-identity.ts'

const root = mkdtempSync(join(tmpdir(), 'rivulet-local-dir-'))
after(() => rmSync(root, { recursive: true }))

const confOf = (parent: string): Conf => new Conf({ 'spark.local.dir': join(root, parent) })

test('the folder is made when it is asked for, and removed with what is in it', async () => {
  const dir = openLocalDir(confOf('made'))
  assert.ok(!existsSync(join(root, 'made')))
  const { path } = dir
  writeFileSync(join(path, 'block'), 'x')
  assert.equal(dir.path, path)
  await dir.close()
  await dir.close()
  assert.deepEqual(readdirSync(join(root, 'made')), [])
})

test('one that was never asked for is not made', async () => {
  await openLocalDir(confOf('never')).close()
  assert.ok(!existsSync(join(root, 'never')))
})

test('a folder that cannot be made is told of', () => {
  writeFileSync(join(root, 'file'), '')
  assert.throws(() => openLocalDir(confOf('file')).path, { code: 'RIV_FILE_KIND' })
})

// What the program does when it holds the folder, and whether the folder is gone when the program is.
const ends: [name: string, text: string, gone: boolean][] = [
  ['that ends', '', true],
  ['that exits', 'process.exit(3)', true],
  ['that throws', "throw new Error('no')", true],
  ['that is killed', "process.kill(process.pid, 'SIGKILL')", false],
]

for (const [name, text, gone] of ends) {
  test(`the folder of a process ${name}`, async () => {
    const parent = name.replaceAll(' ', '-')
    const load = (module: string): string => JSON.stringify(new URL(module, import.meta.url).href)
    const program = `
      import { writeFileSync } from 'node:fs'
      import { Conf } from ${load('../base/define-settings.ts')}
      import { openLocalDir } from ${load('./local-dir.ts')}
      const { path } = openLocalDir(new Conf({ 'spark.local.dir': ${JSON.stringify(join(root, parent))} }))
      writeFileSync(path + '/block', 'x')
      writeFileSync(${JSON.stringify(join(root, `${parent}.path`))}, path)
      ${text}`
    spawnSync(process.execPath, ['--input-type=module', '-e', program])
    assert.ok(existsSync(join(root, `${parent}.path`)), 'the folder was made')
    assert.equal(readdirSync(join(root, parent)).length, gone ? 0 : 1)
    const dir = openLocalDir(confOf(parent)) // the next context
    await dir.close()
    assert.deepEqual(readdirSync(join(root, parent)), [])
  })
}

test('only folders of processes that have ended here are left-overs', async () => {
  const parent = join(root, 'others')
  const { host, pid, start } = thisProcess
  const other = start.startsWith('0') ? '11111111' : '01111111'
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const kept = [
    `rivulet-${host}-${pid}-${start}-00000000`, // our own
    `rivulet-${host}-${pid}-0-00000000`, // a live one on a system that does not tell when it began
    `rivulet-${other}-${dead}-${start}-00000000`, // of another machine
    'rivulet-test-1', 'something',
  ]
  const removed = [`rivulet-${host}-${dead}-${start}-00000000`, ...(start === '0' ? [] : [`rivulet-${host}-${pid}-${other}-00000000`])]
  for (const name of [...kept, ...removed]) mkdirSync(join(parent, name), { recursive: true })
  const dir = openLocalDir(confOf('others'))
  const own = basename(dir.path)
  assert.deepEqual(readdirSync(parent).filter(name => name === own), [own])
  await dir.close()
  assert.deepEqual(readdirSync(parent).sort(), kept.sort())
})

test('this process has not ended', () => assert.equal(hasEnded(thisProcess), false))
