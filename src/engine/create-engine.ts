// Which engine a master means.

import { availableParallelism } from 'node:os'
import type { Conf } from '../base/define-settings.ts'
import type { Logger } from '../base/log.ts'
import { EmbeddedEngine } from './embedded/embedded-engine.ts'
import type { Engine } from './engine.ts'
import type { JobProperties } from './events/context-listener.ts'
import type { ListenerBus } from './events/listener-bus.ts'
import type { Platform } from './platform.ts'

/** A master that the embedded engine understands. */
export type EmbeddedMaster = 'inline' | 'local' | `local[${number}]` | 'local[*]'

export interface EngineOptions {
  readonly master: EmbeddedMaster
  readonly conf: Conf
  readonly log: Logger
  readonly events: ListenerBus
  readonly platform: Platform
  /** The properties of a job that is begun now, from where it is begun. */
  readonly jobProperties: () => JobProperties
}

/** Starts the engine of a master; threads start with the first job. */
export function createEngine({ master, ...options }: EngineOptions): Engine {
  return new EmbeddedEngine({ threads: threadsOf(master), ...options })
}

/** Worker threads of a master; 0 means that tasks run in this thread. */
export function threadsOf(master: EmbeddedMaster): number {
  if (master === 'inline') return 0
  if (master === 'local') return 1
  if (master === 'local[*]') return availableParallelism()
  return Number(master.slice('local['.length, -1))
}
