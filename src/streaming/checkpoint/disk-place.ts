// Where states are on disk: below the checkpoint directory, so that a program that starts again finds them; else in the context's own folder.

import { join } from 'node:path'
import type { Context } from '../../context/context.ts'
import type { StatePlace } from '../graph/stateful.ts'
import { streamingSettings } from '../settings.ts'
import type { Recovery } from './recovery.ts'

/** Undefined where the settings have states in memory. A folder that threads cannot read is not used. */
export function diskPlace({ conf, runner }: Context, { start }: Recovery, run: string, folder: string | undefined): StatePlace['disk'] {
  if (conf.get(streamingSettings['state.store']) === 'memory') return undefined
  return {
    folder: join(folder ?? runner.localFolder, 'state'),
    scratch: runner.localFolder,
    cacheBytes: conf.get(streamingSettings['state.cacheBytes']),
    behindBytes: conf.get(streamingSettings['state.behindBytes']),
    survivesPower: conf.get(streamingSettings['checkpoint.durability']) === 'power',
    run,
    runs: start?.runs ?? [],
  }
}
