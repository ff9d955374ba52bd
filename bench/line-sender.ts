// Sends lines to whoever connects, at a steady rate or (`flood`) as fast as they are taken: `<milliseconds> <key> filler`, 100 bytes each. Prints its port.

import { createServer } from 'node:net'

const linesPerSecond = process.argv[2] === 'flood' ? Infinity : Number(process.argv[2])
const filler = 'x'.repeat(70)
const line = (ms: number, n: number): string => `${`${ms} key${(n * 7_919) % 1_000} ${filler}`.slice(0, 99).padEnd(99, 'x')}\n`

const server = createServer(socket => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const start = performance.now()
  let sent = 0
  if (linesPerSecond === Infinity) {
    const write = (): void => { while (socket.write(Array.from({ length: 100 }, () => line(Date.now(), sent++)).join(''))); }
    socket.on('drain', write)
    return write()
  }
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1_000) * linesPerSecond)
    const now = Date.now()
    let text = ''
    for (; sent < due; sent++) text += line(now, sent)
    if (text !== '') socket.write(text)
  }, 1)
  socket.on('close', () => clearInterval(timer))
}).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
