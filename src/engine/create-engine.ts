// Which engine a master means.

import { availableParallelism } from 'node:os'
import type { Conf } from '../base/define-settings.ts'
import type { Logger } from '../base/log.ts'
import { EmbeddedEngine } from './embedded/embedded-engine.ts'
import type { Engine } from './engine.ts'

/** A master that the embedded engine understands. */
export type EmbeddedMaster = 'inline' | 'local' | `local[${number}]` | 'local[*]'

export interface EngineOptions {
  readonly master: EmbeddedMaster
  readonly conf: Conf
  readonly log: Logger
}

/** Starts the engine of a master; threads start with the first job. */
export function createEngine({ master, conf, log }: EngineOptions): Engine {
  return new EmbeddedEngine({ threads: threadsOf(master), conf, log })
}

/** Worker threads of a master; 0 means that tasks run in this thread. */
export function threadsOf(master: EmbeddedMaster): number {
  if (master === 'inline') return 0
  if (master === 'local') return 1
  if (master === 'local[*]') return availableParallelism()
  return Number(master.slice('local['.length, -1))
}
