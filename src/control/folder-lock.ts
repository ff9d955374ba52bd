// One process at a time takes names in the folder of control sockets, or clears away dead ones.
//
// - Held for milliseconds. A lock that is seconds old was left by a process that died in between, and is taken away.

import { closeSync, openSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const staleMs = 5_000
const retryMs = 10

/** Runs `body` while nobody else runs one in this folder. */
export async function withFolderLock<T>(folder: string, body: () => Promise<T>): Promise<T> {
  const path = join(folder, 'lock')
  while (!take(path)) await pause(retryMs)
  try {
    return await body()
  } finally {
    unlinkSync(path)
  }
}

function take(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600))
    return true
  } catch (error) {
    if ((error as { code?: string }).code !== 'EEXIST') throw error
  }
  try {
    if (Date.now() - statSync(path).mtimeMs > staleMs) unlinkSync(path)
  } catch { /* given back meanwhile */ }
  return false
}
