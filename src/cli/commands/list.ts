// `rivulet list`: the programs of this user that stream on this machine.

import type { ProgramStatus } from '../../control/control-handlers.ts'
import { runningPrograms } from '../../control/control-client.ts'
import { batchText, timeText } from '../status-text.ts'

/** Prints a table, or JSON. */
export async function list({ json = false }: { json?: boolean }): Promise<void> {
  const programs = await runningPrograms()
  process.stdout.write(json ? `${JSON.stringify(programs, null, 2)}\n` : table(programs))
}

function table(programs: readonly ProgramStatus[]): string {
  if (programs.length === 0) return 'nothing is running\n'
  const rows = programs.map(p => (p.state === 'silent' ? [p.app, String(p.pid), '', '', 'silent', ''] : [p.app, String(p.pid), timeText(p.startedMs), p.master, p.state, batchText(p)]))
  const all = [['APP', 'PID', 'STARTED', 'MASTER', 'STATE', 'LAST BATCH'], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)))
  return all.map(row => `${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`).join('')
}
