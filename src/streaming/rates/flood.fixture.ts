// A process that sends numbered lines of 100 bytes to whoever connects, as fast as they are taken. Tells its port; asked, how many it has written
// and whether it is held back.

import { createServer } from 'node:net'

const linesAtOnce = 100
let [sent, held] = [0, false]

const server = createServer(socket => {
  socket.on('error', () => {})
  const write = (): void => {
    do {
      let text = ''
      for (let i = 0; i < linesAtOnce; i++) text += `${String(sent++).padStart(99, '0')}\n`
      held = !socket.write(text)
    } while (!held && !socket.destroyed)
  }
  socket.on('drain', write)
  write()
}).listen(0, '127.0.0.1', () => process.send!((server.address() as { port: number }).port))

process.on('message', () => process.send!({ sent, held }))
process.on('disconnect', () => process.exit())
