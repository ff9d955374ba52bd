// Asks running programs through their sockets.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { controlFolder, identityPath, socketName } from './control-folder.ts'
import type { ControlAnswer, ControlRequest, ProgramStatus } from './control-handlers.ts'
import { controlErrors } from './errors.ts'
import { withFolderLock } from './folder-lock.ts'
import { readLines, writeLine } from './json-lines.ts'

/** Time after which a program that takes a connection but says nothing is silent. */
const patienceMs = 2_000

/** The programs of this user that stream on this machine, by name, also those that are silent; sockets of dead ones are removed. */
export async function runningPrograms(): Promise<ProgramStatus[]> {
  const folder = controlFolder()
  const names = folder === undefined ? [] : sockets(folder)
  const found = await Promise.all(names.map(name => statusAt(join(folder!, name))))
  if (found.includes(undefined)) await withFolderLock(folder!, () => Promise.all(names.map(name => removeDead(join(folder!, name)))))
  return found.filter(status => status !== undefined).toSorted((a, b) => (a.app < b.app ? -1 : 1))
}

function sockets(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith('.sock'))
  } catch {
    return []
  }
}

/** What the program behind a socket is; undefined when there is none. */
async function statusAt(path: string): Promise<ProgramStatus | undefined> {
  const socket = await open(path)
  if (socket === undefined) return undefined
  let isSilent = false
  const late = setTimeout(() => { isSilent = true; socket.destroy() }, patienceMs)
  try {
    for await (const answer of exchange(socket, { cmd: 'status' })) if (answer.ok && 'status' in answer) return answer.status
  } catch {
    // it ended meanwhile, or speaks another language
  } finally {
    clearTimeout(late)
  }
  const identity = isSilent ? identityAt(path) : undefined
  return identity && { ...identity, state: 'silent', startedMs: 0, master: '', batchMs: 0, batches: 0, records: 0 }
}

/** What the program of a socket said of itself when it opened it. */
export function identityAt(path: string): { readonly app: string; readonly pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(identityPath(path), 'utf8')) as { app: string; pid: number }
  } catch {
    return undefined
  }
}

/**
 * The answers of a program, the first one at once. `onSilent` is called, with the process if it is known, where there is none; it may throw.
 * Errors: RIV_CONTROL_APP, RIV_CONTROL_ANSWER, RIV_CONTROL_LOST.
 */
export async function* ask(app: string, request: ControlRequest, onSilent = (_pid: number | undefined): void => {}): AsyncGenerator<Exclude<ControlAnswer, { ok: false }>, void, undefined> {
  const folder = controlFolder()
  const path = folder === undefined ? '' : join(folder, socketName(app))
  const socket = folder === undefined ? undefined : await open(path)
  if (socket === undefined) {
    const others = (await runningPrograms()).map(status => status.app)
    throw controlErrors.RIV_CONTROL_APP(app, others.length === 0 ? 'nothing is' : `there is ${others.join(', ')}`)
  }
  let isComplete = false
  let silence: unknown
  const late = setTimeout(() => {
    try {
      onSilent(identityAt(path)?.pid)
    } catch (error) {
      silence = error
      socket.destroy()
    }
  }, patienceMs)
  try {
    for await (const answer of exchange(socket, request)) {
      clearTimeout(late)
      if (!answer.ok) throw controlErrors.RIV_CONTROL_ANSWER(app, answer.code, answer.message)
      isComplete ||= request.cmd === 'status' || 'savepoint' in answer || answer.ended === true
      yield answer
    }
  } catch (error) {
    if (silence !== undefined) throw silence as Error
    if ((error as { code?: string }).code !== 'ECONNRESET') throw error
  } finally {
    clearTimeout(late)
  }
  if (!isComplete) throw controlErrors.RIV_CONTROL_LOST(app)
}

async function* exchange(socket: Socket, request: ControlRequest): AsyncGenerator<ControlAnswer, void, undefined> {
  try {
    writeLine(socket, request)
    for await (const answer of readLines(socket)) yield answer as ControlAnswer
  } finally {
    socket.destroy()
  }
}

/** A connection; undefined when nobody listens. */
async function open(path: string): Promise<Socket | undefined> {
  const socket = connect(path)
  try {
    await new Promise<void>((resolve, reject) => { socket.once('connect', resolve).once('error', reject) })
    return socket
  } catch (error) {
    if (!['ECONNREFUSED', 'ENOENT'].includes((error as { code?: string }).code ?? '')) throw error
    return undefined
  }
}

/** Removes a socket whose process is dead; the folder's lock must be held. False when it is alive. */
export async function removeDead(path: string): Promise<boolean> {
  const socket = await open(path)
  socket?.destroy()
  if (socket === undefined) for (const file of [path, identityPath(path)]) rmSync(file, { force: true })
  return socket === undefined
}
