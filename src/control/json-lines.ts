// One JSON value a line, over a socket.

import type { Socket } from 'node:net'

const maxChars = 1 << 16

/** The values that come in, the socket stays open when the reader leaves; ends with the stream, with an error in it, or with a line that is too long. */
export async function* readLines(socket: Socket): AsyncGenerator<unknown, void, undefined> {
  let rest = ''
  for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield JSON.parse(line) as unknown
    if (rest.length > maxChars) throw new Error(`a line of more than ${maxChars} characters`)
  }
}

/** Sends a value as a line. */
export function writeLine(socket: Socket, value: unknown): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`)
}
