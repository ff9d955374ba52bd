// Paths, globs and lists against a small tree of files.

import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test, { after, before } from 'node:test'
import { pathToFileURL } from 'node:url'
import { findInputs } from './find-inputs.ts'
import { localFileSystem } from './local-file-system.ts'

const tree = ['a.txt', 'b.txt', 'c.log', 'c1.log', 'c12.log', '.hidden.txt', '_SUCCESS', 'd/a.txt', 'd/_b.txt', 'e/a.txt', 'e/f/g.txt', 'we,ird*{x}.txt', 'sp ace.txt', 'üñ.txt', '_t/a.txt', 'x^y.txt']
let root = ''
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'rivulet-glob-'))
  for (const name of tree) {
    await mkdir(dirname(join(root, name)), { recursive: true })
    await writeFile(join(root, name), '')
  }
})
after(() => rm(root, { recursive: true }))

// R stands for the root.
const cases: [list: string, found: string[]][] = [
  ['R/a.txt', ['a.txt']],
  ['R/d', ['d']],
  ['R/*.txt', ['a.txt', 'b.txt', 'sp ace.txt', 'we,ird*{x}.txt', 'x^y.txt', 'üñ.txt']],
  ['R/c?.log', ['c1.log']],
  ['R/c*.log', ['c.log', 'c1.log', 'c12.log']],
  ['R/[ab].txt', ['a.txt', 'b.txt']],
  ['R/[a-b].txt', ['a.txt', 'b.txt']],
  ['R/[!a].txt', ['b.txt']],
  ['R/x[\\^_]y.txt', ['x^y.txt']],
  ['R/c[^.]*.log', ['c1.log', 'c12.log']],
  ['R/{a,c}.{txt,log}', ['a.txt', 'c.log']],
  ['R/{d,e/f}/*', ['d/a.txt', 'e/f/g.txt']],
  ['R/{a,{b,c}*}.txt', ['a.txt', 'b.txt']],
  ['R/*/a.txt', ['d/a.txt', 'e/a.txt']],
  ['R/*/*/g.txt', ['e/f/g.txt']],
  ['R/_*', ['_SUCCESS', '_t']],
  ['R/_t/*', ['_t/a.txt']],
  ['R/d/_b.txt', ['d/_b.txt']],
  ['R/b.txt,R/a.txt', ['b.txt', 'a.txt']],
  ['R/b.txt, R/*.log ', ['b.txt', 'c.log', 'c1.log', 'c12.log']],
  ['R/a.txt,R/[a].txt', ['a.txt']],
  ['R/we,ird*{x}.txt', ['we,ird*{x}.txt']],
  ['R/missing', ['missing: missing']],
  ['R/a.txt,R/missing*', ['missing: missing*']],
  ['R/a.txt/*', ['missing: a.txt/*']],
  ['R/{a', ['missing: {a']],
  [',', ['missing: ,']],
]

for (const [list, found] of cases) {
  test(`${list} is ${found.join(' and ')}`, async () => {
    let missing = ''
    const statuses = await findInputs(localFileSystem, list.replaceAll('R/', `${root}/`), path => { missing = path; throw new Error('missing') }).catch(() => [])
    const names = missing === '' ? statuses.map(status => status.path.slice(root.length + 1)) : [`missing: ${missing.replace(`${root}/`, '')}`]
    assert.deepEqual(names, found)
  })
}

test('relative paths stay relative, URLs stay URLs', async () => {
  const here = await findInputs(localFileSystem, 'package.js*', () => assert.fail())
  assert.deepEqual(here.map(status => status.path), ['package.json'])
  const url = pathToFileURL(root).href
  const found = await findInputs(localFileSystem, `${url}/{sp,we}*`, () => assert.fail())
  assert.deepEqual(found.map(status => status.path), [`${url}/sp%20ace.txt`, `${url}/we%2Cird*%7Bx%7D.txt`])
})
