// A TCP server that sends lines at a steady rate, over and over, to whoever connects; and remembers when it sent them.

import { existsSync, globSync, readFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

const [root, examples] = ['../..', '..'].map(path => fileURLToPath(new URL(`${path}/`, import.meta.url))) as [string, string]
const paceMs = 10

export interface LineServer {
  readonly port: number
  /** For each line sent so far, in order: milliseconds since the epoch when it was sent. */
  readonly sentAt: readonly number[]
  close(): void
}

const linesOf = (folder: string, files: readonly string[]): string[] =>
  globSync(files, { cwd: folder }).sort().flatMap(path => readFileSync(folder + path, 'utf8').split('\n')).filter(line => line.trim() !== '')

/** The lines of this repository's documents and sources; of the examples where they were copied elsewhere. */
export function repositoryLines(): string[] {
  if (!existsSync(`${root}scripts/self.mjs`)) return linesOf(examples, ['*.ts', 'support/*.ts'])
  return linesOf(root, ['*.md', 'docs/**/*.md', 'src/**/*.ts', 'examples/**/*.ts'])
}

/** Serves `lines` on a free port of this machine, `rate` of them a second. */
export async function serveLines(lines: readonly string[], rate: number): Promise<LineServer> {
  const sentAt: number[] = []
  const sockets = new Map<Socket, NodeJS.Timeout>()
  const server = createServer(socket => {
    const start = Date.now()
    let sent = 0
    const send = (): void => {
      if (socket.writableNeedDrain) return // the reader is slower: TCP holds us back
      const due = Math.floor((Date.now() - start) / 1_000 * rate)
      let text = ''
      for (; sent < due; sent++) {
        text += `${lines[sent % lines.length]}\n`
        sentAt.push(Date.now())
      }
      if (text !== '') socket.write(text)
    }
    sockets.set(socket, setInterval(send, paceMs))
    socket.on('error', () => {}) // followed by 'close'
    socket.on('close', () => {
      clearInterval(sockets.get(socket))
      sockets.delete(socket)
    })
  })
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', resolve) })
  return {
    port: (server.address() as AddressInfo).port,
    sentAt,
    close: () => {
      server.close()
      for (const socket of sockets.keys()) socket.destroy()
    },
  }
}
