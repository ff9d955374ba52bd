// The control socket of this program.
//
// - One for each appName, user and machine: opening it is refused while another program holds it. A socket whose process is dead is replaced.
// - It does not hold the process.
// - `stop` and `drain` are answered with a status now and then until the streams have ended.

import { chmodSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { isRivuletError } from '../base/define-errors.ts'
import { identityAt, removeDead } from './control-client.ts'
import { identityPath, openControlFolder, socketName } from './control-folder.ts'
import type { ControlAnswer, ControlHandlers, ControlRequest } from './control-handlers.ts'
import { controlErrors } from './errors.ts'
import { withFolderLock } from './folder-lock.ts'
import { readLines, writeLine } from './json-lines.ts'

const progressMs = 250

/** Opens the socket; the result closes it. Errors: RIV_CONTROL_NAME, RIV_CONTROL_FOLDER. */
export async function openControl(app: string, handlers: ControlHandlers): Promise<() => void> {
  const folder = openControlFolder()
  if (folder === undefined) return () => {}
  const path = join(folder, socketName(app))
  const server = createServer(socket => { void serve(socket, handlers) }).unref()
  await withFolderLock(folder, async () => {
    if (!await removeDead(path)) throw controlErrors.RIV_CONTROL_NAME(app, identityAt(path)?.pid)
    writeFileSync(identityPath(path), JSON.stringify({ app, pid: process.pid }), { mode: 0o600 })
    await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(path, resolve) })
  })
  chmodSync(path, 0o600)
  const remove = (): void => {
    for (const file of [path, identityPath(path)]) {
      try {
        unlinkSync(file)
      } catch { /* gone already */ }
    }
  }
  process.once('exit', remove)
  return () => {
    process.off('exit', remove)
    remove()
    server.close()
  }
}

async function serve(socket: Socket, handlers: ControlHandlers): Promise<void> {
  socket.unref().on('error', () => {}) // the other side may go when it likes
  const answer = (value: ControlAnswer): void => writeLine(socket, value)
  try {
    for await (const request of readLines(socket)) {
      await carryOut(request as Partial<ControlRequest>, handlers, answer)
      break
    }
  } catch (error) {
    answer({ ok: false, code: isRivuletError(error) ? error.code : 'error', message: (error as Error).message })
  }
  socket.end()
}

async function carryOut(request: Partial<ControlRequest>, handlers: ControlHandlers, answer: (value: ControlAnswer) => void): Promise<void> {
  const status = (): ControlAnswer => ({ ok: true, status: handlers.status() })
  switch (request.cmd) {
    case 'status': return answer(status())
    case 'savepoint': {
      if (handlers.savepoint === undefined) throw controlErrors.RIV_CONTROL_SAVEPOINT(handlers.status().app)
      answer(status())
      return answer({ ok: true, savepoint: await handlers.savepoint(request.dir) })
    }
    case 'stop': case 'drain': {
      answer(status())
      const progress = setInterval(() => answer(status()), progressMs).unref()
      try {
        await handlers.stop({ drain: request.cmd === 'drain' })
      } finally {
        clearInterval(progress)
      }
      return answer({ ok: true, status: handlers.status(), ended: true })
    }
    default: throw controlErrors.RIV_CONTROL_COMMAND(JSON.stringify(request).slice(0, 200))
  }
}
