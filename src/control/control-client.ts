// Asks running programs through their sockets.

import { readdirSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { controlFolder, socketName } from './control-folder.ts'
import type { ControlAnswer, ControlRequest, ProgramStatus } from './control-handlers.ts'
import { controlErrors } from './errors.ts'
import { withFolderLock } from './folder-lock.ts'
import { readLines, writeLine } from './json-lines.ts'

/** Time after which a program that takes a connection but says nothing is left out. */
const patienceMs = 2_000

/** The programs of this user that stream on this machine, by name; sockets of dead ones are removed. */
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
export async function statusAt(path: string): Promise<ProgramStatus | undefined> {
  const socket = await open(path)
  if (socket === undefined) return undefined
  const late = setTimeout(() => socket.destroy(), patienceMs)
  try {
    for await (const answer of exchange(socket, { cmd: 'status' })) if (answer.ok && 'status' in answer) return answer.status
  } catch {
    // it ended meanwhile, or speaks another language
  } finally {
    clearTimeout(late)
  }
  return undefined
}

/** The answers of a program; throws RIV_CONTROL_APP, RIV_CONTROL_ANSWER, RIV_CONTROL_LOST. */
export async function* ask(app: string, request: ControlRequest): AsyncGenerator<Exclude<ControlAnswer, { ok: false }>, void, undefined> {
  const folder = controlFolder()
  const socket = folder === undefined ? undefined : await open(join(folder, socketName(app)))
  if (socket === undefined) {
    const others = (await runningPrograms()).map(status => status.app)
    throw controlErrors.RIV_CONTROL_APP(app, others.length === 0 ? 'nothing is' : `there is ${others.join(', ')}`)
  }
  let isComplete = false
  try {
    for await (const answer of exchange(socket, request)) {
      if (!answer.ok) throw controlErrors.RIV_CONTROL_ANSWER(app, answer.code, answer.message)
      isComplete ||= request.cmd === 'status' || 'savepoint' in answer || answer.ended === true
      yield answer
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ECONNRESET') throw error
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
  if (socket === undefined) rmSync(path, { force: true })
  return socket === undefined
}
