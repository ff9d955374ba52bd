// Stacks that come back from workers: frames of shipped code get the user's own file, line and column.
//
// - Shipped code is compiled at the compiled positions of its script, marked `?shipped=<script id of the driver>`; the driver
//   maps those with the script's own source map. Frames without the mark are left alone: a loader in the worker mapped them.

import { knownScript } from './inspector.ts'

const shippedFrame = /((?:file:\/\/)?[^\s()]*)\?shipped=(\d+):(\d+):(\d+)/g

/** No frame is longer; the message of an error may be, and the pattern takes quadratic time in it. */
const longestFrame = 10_000

/** A worker's stack with the frames of shipped code in the user's own files. */
export function remapStack(stack: string): string {
  return stack.split('\n').map(line => (line.includes('?shipped=') && line.length < longestFrame ? remapFrame(line) : line)).join('\n')
}

const remapFrame = (frame: string): string => frame.replace(shippedFrame, (_frame, url: string, id: string, line: string, column: string) => {
  const place = knownScript(id)?.originalPlace(Number(line) - 1, Number(column) - 1)
  return place === undefined ? `${url}:${line}:${column}` : `${place.url || url}:${place.line + 1}:${place.column + 1}`
})
