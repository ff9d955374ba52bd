// Sends so many lines of words, 100 bytes each, to whoever connects, as fast as they are taken. Prints its port.

import { createServer } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { textOf } from './data.ts'

const lines = Number(process.argv[2])
const text = textOf(10_000)

function* texts(): Generator<Buffer> {
  for (let sent = 0; sent < lines; sent += 10_000) yield text
}

const server = createServer(socket => { pipeline(texts, socket).catch(() => {}) }).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
