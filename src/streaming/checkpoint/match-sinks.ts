// Finds for what two-phase sinks of an earlier program had prepared the sinks that commit it.
//
// - Sinks are counted by themselves: other outputs may come and go between them.
// - A handle is no use to another sink, so a program with more or fewer of them is refused while anything is uncommitted, or gives it up.

import { streamingErrors } from '../errors.ts'
import type { CompletedRecord } from './records.ts'
import type { Recovery } from './recovery.ts'

/** By batch, in order, what is to be committed by which outputs of the program; `sinks` are its two-phase ones. */
export function matchSinks(sinks: readonly number[], { start, uncommitted }: Recovery, allowNonRestoredState: boolean): (readonly [timeMs: number, prepared: CompletedRecord['prepared']])[] {
  const stored = start?.sinks ?? sinks
  if (uncommitted.size > 0 && stored.length !== sinks.length) {
    if (!allowNonRestoredState) throw streamingErrors.RIV_SINK_MATCH([...uncommitted.keys()][0]!, stored.length, sinks.length)
    return []
  }
  return [...uncommitted].map(([timeMs, prepared]) => [timeMs, prepared.map(({ output, handles }) => ({ output: sinks[stored.indexOf(output)] ?? output, handles }))] as const)
}
