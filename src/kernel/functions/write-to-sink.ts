// A partition of a stream's batch through the functions of a sink.

import { Time } from '../../base/time.ts'
import type { Args, Fns, Rows } from './kinds.ts'

/** With begin and prepare a transaction, whose handle it gives; without them write alone. */
export const writeToSink = (_args: Args, [at, write, begin, prepare]: Fns) => async (rows: Rows, partition: number): Promise<unknown[]> => {
  const { output, timeMs, epoch } = at!() as { output: number; timeMs: number; epoch: number }
  const part = { output, time: new Time(timeMs), partition, epoch }
  if (begin === undefined) {
    await write!(rows, part)
    return []
  }
  const transaction = await begin(part)
  await write!(transaction, rows)
  return [await prepare!(transaction)]
}
