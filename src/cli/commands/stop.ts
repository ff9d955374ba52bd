// `rivulet stop`: ends the streams of a running program.
//
// - It waits until they have ended. Ctrl-C ends the waiting, not the stopping.

import { ask } from '../../control/control-client.ts'
import { batchText } from '../status-text.ts'
import { savepoint as writeSavepoint, waits } from './savepoint.ts'

/** Stops the program; what it does meanwhile goes to stderr. Errors: RIV_CONTROL_APP and what `ask` throws. */
export async function stop(app: string, { drain = false, savepoint }: { drain?: boolean; savepoint?: string | true }): Promise<void> {
  const onInterrupt = (): void => {
    process.stderr.write(`\n${app} goes on stopping\n`)
    process.exit(130)
  }
  process.on('SIGINT', onInterrupt)
  let shown = -1
  try {
    if (savepoint !== undefined) await writeSavepoint(app, savepoint === true ? undefined : savepoint)
    for await (const answer of ask(app, { cmd: drain ? 'drain' : 'stop' }, waits(app))) {
      if (!('status' in answer)) continue
      const { status, ended = false } = answer
      if (ended) process.stdout.write(`${app} has stopped: ${status.batches} batches, ${status.records} records\n`)
      else if (status.batches !== shown) process.stderr.write(`stopping ${app} (process ${status.pid}): last batch ${batchText(status)}\n`)
      shown = status.batches
    }
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}
