// `rivulet status`: what a running program does.

import { ask } from '../../control/control-client.ts'
import { controlErrors } from '../../control/errors.ts'
import { batchText, timeText } from '../status-text.ts'

/** Prints one line a property, or JSON. Errors: RIV_CONTROL_APP and what `ask` throws, RIV_CONTROL_SILENT. */
export async function status(app: string, { json = false }: { json?: boolean }): Promise<void> {
  for await (const answer of ask(app, { cmd: 'status' }, pid => { throw controlErrors.RIV_CONTROL_SILENT(app, pid) })) {
    if (!('status' in answer)) continue
    const { status } = answer
    if (json) process.stdout.write(`${JSON.stringify(status, null, 2)}\n`)
    else process.stdout.write(`app         ${status.app}
pid         ${status.pid}
started     ${timeText(status.startedMs)}
master      ${status.master}
state       ${status.state}
interval    ${status.batchMs} ms
batches     ${status.batches}
records     ${status.records}
last batch  ${batchText(status)}
`)
  }
}
