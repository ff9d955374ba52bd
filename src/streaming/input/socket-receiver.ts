// The receiver of socketTextStream: bytes from a TCP connection into blocks of lines.
//
// - A connection that is closed or refused is an error event; the supervisor connects again after its delay.
// - While too much waits for its batch the socket is paused, and TCP holds the sender back.

import { connect, type Socket } from 'node:net'
import { streamingErrors } from '../errors.ts'
import { LineCutter } from './line-cutter.ts'
import type { MakeReceiver } from './receiver-input.ts'
import type { ReceiverSupervisor, Startable } from './receiver-supervisor.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

export const socketReceiver = (host: string, port: number): MakeReceiver => (options, supervisor) => {
  const onTooLong = (limit: number): void => supervisor().reportError(streamingErrors.RIV_LINE_TOO_LONG(limit).message)
  const cutter = new LineCutter({ ...options, onTooLong })
  return { receiver: new SocketReceiver(host, port, cutter, options.blocks, supervisor), cutter }
}

class SocketReceiver implements Startable {
  readonly #host: string
  readonly #port: number
  readonly #cutter: LineCutter
  readonly #blocks: ReceivedBlocks
  readonly #supervisor: () => ReceiverSupervisor
  #socket: Socket | undefined

  constructor(host: string, port: number, cutter: LineCutter, blocks: ReceivedBlocks, supervisor: () => ReceiverSupervisor) {
    this.#host = host
    this.#port = port
    this.#cutter = cutter
    this.#blocks = blocks
    this.#supervisor = supervisor
  }

  onStart(): void {
    const socket = connect({ host: this.#host, port: this.#port })
    this.#socket = socket
    let failure: Error | undefined
    socket.on('data', chunk => this.#receive(socket, chunk))
    socket.on('error', error => { failure = error })
    socket.on('close', () => {
      if (this.#socket !== socket) return // stopped by us
      this.#cutter.endOfInput()
      const address = `${this.#host}:${this.#port}`
      const error = failure === undefined ? streamingErrors.RIV_SOCKET(address, 'the server closed the connection') : streamingErrors.RIV_SOCKET.withCause(failure, address, failure.message || (failure as NodeJS.ErrnoException).code || String(failure))
      this.#supervisor().restart(error.message, error)
    })
  }

  onStop(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #receive(socket: Socket, chunk: Buffer): void {
    this.#cutter.push(chunk)
    if (!this.#blocks.isFull) return
    socket.pause()
    void this.#blocks.room.then(() => socket.resume())
  }
}
