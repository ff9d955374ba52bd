// Times and batches of running programs, for people.

import type { ProgramStatus } from '../control/control-handlers.ts'

/** `2026-03-01 14:05:09`, in the local time zone. */
export function timeText(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** `14:05:09 (120 records, 8 ms)`, or a dash before the first batch. */
export function batchText({ lastBatch }: ProgramStatus): string {
  return lastBatch === undefined ? '-' : `${timeText(lastBatch.timeMs).slice(11)} (${lastBatch.records} records, ${lastBatch.processingMs} ms)`
}
