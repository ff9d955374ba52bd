// Places where a test lets the process die. They exist in the sources only: the build takes the calls, and this file, out of dist.
//
// - `failpoint('a.b')` is a statement of its own on a line of its own.
// - RIVULET_FAILPOINT=a.b@3 kills the process (SIGKILL) when it comes to that place for the third time, counted in each thread.
// - RIVULET_FAILPOINT_LOG=file adds the name of every place that is passed to a file, a line each: what a test can choose from.

import { appendFileSync } from 'node:fs'

const [place, hits] = (process.env.RIVULET_FAILPOINT ?? '').split('@')
const log = process.env.RIVULET_FAILPOINT_LOG
let left = Number(hits ?? 1)

/** Dies here if the environment says so. */
export function failpoint(name: string): void {
  if (log !== undefined) appendFileSync(log, `${name}\n`)
  if (name === place && --left === 0) process.kill(process.pid, 'SIGKILL')
}
