// The receivers over TCP: bytes of a connection into blocks of lines, into blocks that come as frames, or into records by a converter.
//
// - A connection that is closed or refused is an error event; the supervisor connects again after its delay.
// - While too much waits for its batch the socket is paused, and TCP holds the sender back.

import { connect, type Socket } from 'node:net'
import { isRivuletError, type RivuletError } from '../../base/define-errors.ts'
import { streamingErrors } from '../errors.ts'
import { FrameCutter } from './frame-cutter.ts'
import { iterableReceiver } from './iterable-receiver.ts'
import { LineCutter } from './line-cutter.ts'
import type { MakeReceiver } from './receiver-input.ts'
import type { ReceiverSupervisor, Startable } from './receiver-supervisor.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

/** Lines. */
export const socketReceiver = (host: string, port: number): MakeReceiver => (options, supervisor) => {
  const onTooLong = (limit: number): void => supervisor().reportError(streamingErrors.RIV_LINE_TOO_LONG(limit).message)
  const cutter = new LineCutter({ ...options, onTooLong })
  return { receiver: new SocketReceiver(host, port, cutter, options.blocks, supervisor), cutter }
}

/** Frames of records. */
export const rawSocketReceiver = (host: string, port: number): MakeReceiver => (options, supervisor) => {
  const cutter = new FrameCutter(options, `${host}:${port}`)
  return { receiver: new SocketReceiver(host, port, cutter, options.blocks, supervisor), cutter }
}

/** What a converter makes of the bytes. */
export function convertedSocketReceiver(host: string, port: number, converter: (chunks: AsyncIterable<Uint8Array>) => Iterable<unknown> | AsyncIterable<unknown>): MakeReceiver {
  const ended = (): RivuletError => streamingErrors.RIV_SOCKET(`${host}:${port}`, 'the server closed the connection, or the converter came to its end')
  return iterableReceiver(signal => converter(chunksOf(host, port, signal)), { what: 'the converter of socketStream', ended })
}

async function* chunksOf(host: string, port: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const socket = connect({ host, port })
  const abort = (): void => { socket.destroy() }
  signal.addEventListener('abort', abort, { once: true })
  try {
    for await (const chunk of socket) yield chunk as Uint8Array
  } catch (error) {
    if (!signal.aborted) throw socketError(host, port, error as Error)
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

function socketError(host: string, port: number, failure: Error): RivuletError {
  return streamingErrors.RIV_SOCKET.withCause(failure, `${host}:${port}`, failure.message || (failure as NodeJS.ErrnoException).code || String(failure))
}

/** What takes a connection's bytes; throws at what it cannot be. */
interface ByteCutter {
  push(chunk: Buffer): void
  endOfInput(): void
}

class SocketReceiver implements Startable {
  readonly #host: string
  readonly #port: number
  readonly #cutter: ByteCutter
  readonly #blocks: ReceivedBlocks
  readonly #supervisor: () => ReceiverSupervisor
  #socket: Socket | undefined

  constructor(host: string, port: number, cutter: ByteCutter, blocks: ReceivedBlocks, supervisor: () => ReceiverSupervisor) {
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
      const error = failure === undefined ? streamingErrors.RIV_SOCKET(`${this.#host}:${this.#port}`, 'the server closed the connection') : socketError(this.#host, this.#port, failure)
      this.#guarded(() => this.#cutter.endOfInput())
      this.#supervisor().restart(error.message, error)
    })
  }

  onStop(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  #receive(socket: Socket, chunk: Buffer): void {
    this.#guarded(() => this.#cutter.push(chunk))
    if (!this.#blocks.isFull) return
    socket.pause()
    void this.#blocks.room.then(() => socket.resume())
  }
  /** What is not in the format ends the connection, and is told. */
  #guarded(take: () => void): void {
    try {
      take()
    } catch (error) {
      if (!isRivuletError(error)) throw error
      this.#supervisor().restart(error.message, error)
    }
  }
}
