// The folder of one context for what does not fit in memory: spilled blocks, runs of sorts, downloaded pieces.
//
//   <spark.local.dir>/rivulet-<host>-<pid>-<start>-<random>/
//
// - Its name says which process owns it: it is locked from the moment it is there, and there is no lock file to lose.
// - It is removed when the context is closed, or else when the process exits; a process that was killed leaves it, and the next one on the
//   machine that opens a context removes it.
// - It is for one process and its threads; nothing in it is synced, nothing in it is meant to outlive the process.

import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Conf } from '../base/define-settings.ts'
import { fileError } from './file-error.ts'
import { hasEnded, thisProcess } from './process-identity.ts'
import { storageSettings } from './settings.ts'

export interface LocalDir {
  /** The folder; made when it is first asked for. Errors: RIV_FILE_*, where it cannot be made. */
  readonly path: string
  /** Where the folder is or would be: for a thread, which makes it itself if it has to. */
  readonly place: string
  /** Removes the folder and all that is in it. May be called twice. */
  close(): Promise<void>
}

const nameOf = (random: string): string => ['rivulet', thisProcess.host, thisProcess.pid, thisProcess.start, random].join('-')
const namePattern = /^rivulet-([0-9a-f]{8})-(\d+)-([0-9a-f]{1,8})-[0-9a-f]{8}$/

/** Folders to remove when the process exits. */
const open = new Set<string>()
let listening = false
/** Folders whose left-overs this process has seen to. */
const swept = new Map<string, Promise<void>>()

/** Opens the folder of a context, and removes those of processes that have ended. */
export function openLocalDir(conf: Conf): LocalDir {
  const parent = conf.get(storageSettings['spark.local.dir']) || tmpdir()
  let sweeping = swept.get(parent)
  if (sweeping === undefined) swept.set(parent, sweeping = removeStale(parent))
  const place = join(parent, nameOf(randomUUID().slice(0, 8)))
  if (!listening) process.on('exit', removeAll)
  listening = true
  open.add(place)
  let made = false
  let closed: Promise<void> | undefined
  return {
    place,
    get path() {
      if (!made) makeLocalDir(place)
      made = true
      return place
    },
    close: () => (closed ??= sweeping.then(async () => {
      open.delete(place)
      if (existsSync(place)) await rm(place, { recursive: true, force: true, maxRetries: 3 })
    })),
  }
}

/** Makes a context's folder, given its place; nothing where it is already. */
export function makeLocalDir(place: string): void {
  try {
    mkdirSync(place, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError(error, 'makeDirectory', place)
  }
}

function removeAll(): void {
  for (const path of open) {
    try { rmSync(path, { recursive: true, force: true }) } catch { /* the next process tries again */ }
  }
}

/** Removes the folders of processes that have ended. What cannot be read or removed is left: it is somebody else's. */
async function removeStale(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names) {
    const [, host, pid, start] = namePattern.exec(name) ?? []
    if (start === undefined || !hasEnded({ host: host!, pid: Number(pid), start })) continue
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => {})
  }
}
