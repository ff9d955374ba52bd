// Loaded before a program that `rivulet` started: the program ends when that process is gone, killed or not.
//
//   pipe closes ──→ SIGTERM to this process (streams stop gracefully) ──grace──→ SIGKILL
//
// - A thread watches the pipe, so that a program in an endless loop ends too. The pipe does not hold the process.

import { Socket } from 'node:net'
import { isMainThread, Worker, workerData } from 'node:worker_threads'

/** Where the program finds its end of the pipe. */
export const parentPipe = { variable: 'RIVULET_PARENT_PIPE', fd: 3 } as const
const graceMs = 10_000

const fd = process.env[parentPipe.variable]
if (isMainThread && fd !== undefined) {
  delete process.env[parentPipe.variable] // it is not for processes that the program starts
  new Worker(new URL(import.meta.url), { workerData: { parentPipe: Number(fd) }, execArgv: [], stdin: false }).unref()
}

const watched = isMainThread ? undefined : (workerData as { parentPipe?: number } | null)?.parentPipe
if (watched !== undefined) {
  new Socket({ fd: watched, readable: true, writable: false }).on('error', () => {}).resume().once('close', () => {
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs)
  })
}
