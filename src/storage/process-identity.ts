// Which process this is, so that one that comes later can tell whether it still lives: its id may be somebody else's by then.

import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process of this machine. */
export interface ProcessIdentity {
  /** The machine, and the container: only there does the id mean anything. */
  readonly host: string
  readonly pid: number
  /** When it began, as a word; `0` where the system does not say. */
  readonly start: string
}

const word = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

function tried(read: () => string): string {
  try { return read() } catch { return '' }
}

/** Field 22 of its stat, in ticks since the boot; a process that has ended and is not yet reaped has none. */
function startOf(pid: number): string {
  const stat = tried(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields[18]
  return ticks === undefined || state === 'Z' ? '0' : word(`${tried(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'))} ${ticks}`)
}

/** This process. */
export const thisProcess: ProcessIdentity = {
  host: word(`${hostname()} ${tried(() => readlinkSync('/proc/self/ns/pid'))}`),
  pid: process.pid,
  start: startOf(process.pid),
}

/** Whether the process has ended for certain; one of another machine has not. */
export function hasEnded({ host, pid, start }: ProcessIdentity): boolean {
  if (host !== thisProcess.host) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
  return start !== '0' && startOf(pid) !== start
}
