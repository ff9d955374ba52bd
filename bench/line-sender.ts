// Sends lines at a steady rate to whoever connects: `<milliseconds> <key> filler`, 100 bytes each. Prints its port.

import { createServer } from 'node:net'

const linesPerSecond = Number(process.argv[2])
const filler = 'x'.repeat(70)

const server = createServer(socket => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  const start = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1_000) * linesPerSecond)
    const now = Date.now()
    let text = ''
    for (; sent < due; sent++) text += `${`${now} key${(sent * 7_919) % 1_000} ${filler}`.slice(0, 99).padEnd(99, 'x')}\n`
    if (text !== '') socket.write(text)
  }, 1)
  socket.on('close', () => clearInterval(timer))
}).listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`${address.port}\n`)
})
