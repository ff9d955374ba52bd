// Where control sockets are: one folder for each user, closed to everybody else.

import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlErrors } from './errors.ts'

/** The folder's path; undefined on systems without user ids, where nothing is controlled. */
export function controlFolder(): string | undefined {
  const uid = process.getuid?.()
  if (uid === undefined) return undefined
  const runtime = process.env['XDG_RUNTIME_DIR']
  // After `su` and in containers the variable may name another user's folder, or one that is not there.
  if (runtime && statSync(runtime, { throwIfNoEntry: false })?.uid === uid) return join(runtime, 'rivulet')
  return join(tmpdir(), `rivulet-${uid}`)
}

/** The folder, made where it is not there; refuses one that others can enter. */
export function openControlFolder(): string | undefined {
  const folder = controlFolder()
  if (folder === undefined) return undefined
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true }) // recursive: it may be there
  } catch (error) {
    throw controlErrors.RIV_CONTROL_FOLDER.withCause(error, folder, 'cannot be made')
  }
  const stat = lstatSync(folder)
  if (!stat.isDirectory()) throw controlErrors.RIV_CONTROL_FOLDER(folder, 'is no folder')
  if (stat.uid !== process.getuid!()) throw controlErrors.RIV_CONTROL_FOLDER(folder, `belongs to user ${stat.uid}`)
  if ((stat.mode & 0o077) !== 0) throw controlErrors.RIV_CONTROL_FOLDER(folder, `is open to others (mode ${(stat.mode & 0o777).toString(8)})`)
  return folder
}

/** Beside its socket, what a program is that does not answer: `{app, pid}`. */
export const identityPath = (socket: string): string => socket.replace(/sock$/, 'json')

/** A program's socket: short, because paths of sockets may have about 100 bytes; a hash keeps names apart. */
export function socketName(app: string): string {
  return `${app.replace(/[^\w.-]+/g, '_').slice(0, 24)}-${createHash('sha256').update(app).digest('hex').slice(0, 8)}.sock`
}
