// Where states are on disk: where the settings say, or below the checkpoint directory, so that a program that starts again finds them; else
// in the context's own folder, which goes with it.

import { join } from 'node:path'
import type { Context } from '../../context/context.ts'
import { loadSqlite } from '../../kernel/state/load-sqlite.ts'
import { StateDatabase } from '../../kernel/state/state-database.ts'
import type { DStreamGraph } from '../graph/dstream-graph.ts'
import type { StatePlace } from '../graph/stateful.ts'
import { streamingSettings } from '../settings.ts'
import type { Checkpointer } from './checkpointer.ts'
import { operatorsOf } from './names.ts'
import type { Recovery } from './recovery.ts'

export interface PlaceOptions {
  readonly context: Context
  readonly graph: DStreamGraph
  readonly checkpointer: Checkpointer
  readonly recovery: Recovery
  /** Names this run of the program. */
  readonly run: string
  /** The folder of the checkpoint, where threads can read it. */
  readonly folder: string | undefined
}

/** Tells the operators of a graph where their states are to be. Gives what removes databases that are nobody's then: once it is sure that the program fits. Errors: RIV_STATE_SQLITE. */
export function placeStates({ context, graph, checkpointer, recovery, run, folder }: PlaceOptions): () => void {
  const disk = diskPlace(context, recovery, run, folder)
  const place: StatePlace = { get committedMs() { return checkpointer.committedMs }, disk }
  const names = operatorsOf(graph.stateful).flatMap(({ id }, i) => graph.stateful[i]!.stateful.placed?.(place, id) ?? [])
  return () => { if (disk !== undefined) StateDatabase.removeOthers(disk.folder, names) }
}

/** Undefined where the settings have states in memory. */
function diskPlace({ conf, runner }: Context, { runs }: Recovery, run: string, folder: string | undefined): StatePlace['disk'] {
  if (conf.get(streamingSettings['state.store']) === 'memory') return undefined
  loadSqlite() // so that a Node without it is refused before anything runs
  const given = conf.get(streamingSettings['replay.directory']) === '' ? conf.get(streamingSettings['state.directory']) : '' // that is another program's
  return {
    folder: given || join(folder ?? runner.localFolder, 'state'),
    cacheBytes: conf.get(streamingSettings['state.cacheBytes']),
    behindBytes: conf.get(streamingSettings['state.behindBytes']),
    syncs: conf.get(streamingSettings['checkpoint.durability']) === 'power',
    run,
    runs,
  }
}
