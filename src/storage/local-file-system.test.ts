// The local file system keeps the contract, by plain paths and by URLs.

import assert from 'node:assert/strict'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { fileSystemContract } from './file-system-contract.fixture.ts'
import { localFileSystem } from './local-file-system.ts'

async function makeRoot(asRoot: (path: string) => string): Promise<{ fs: typeof localFileSystem; root: string; dispose(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'rivulet-fs-'))
  return { fs: localFileSystem, root: asRoot(path), dispose: () => rm(path, { recursive: true, force: true }) }
}

fileSystemContract('local paths', () => makeRoot(path => path))
fileSystemContract('file: URLs', () => makeRoot(path => pathToFileURL(path).href))

test('a link to nothing is not listed', async () => {
  const { root, dispose } = await makeRoot(path => path)
  try {
    await symlink(`${root}/nowhere`, `${root}/link`)
    assert.deepEqual(await localFileSystem.list(root), [])
  } finally {
    await dispose()
  }
})

test('another scheme is refused by name', async () => {
  await assert.rejects(localFileSystem.read('s3://bucket/key'), { code: 'RIV_FILE_SCHEME', message: /s3:/ })
})
