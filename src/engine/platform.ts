// What a program stands on: files, the engine clock, and the place where tasks run. The simulation of a whole program gives one of its own.

import { SteadyClock, type Clock } from '../base/clock.ts'
import type { FileSystem } from '../storage/file-system.ts'
import { localFileSystem } from '../storage/local-file-system.ts'
import type { BlockStore } from './embedded/block-store.ts'
import type { TaskBackend } from './embedded/task-backend.ts'

/** A machine, as one process sees it. */
export interface Platform {
  readonly fs: FileSystem
  /** The engine clock: speculation, watchdogs, patience. Streams have a clock of their own. */
  readonly clock: Clock
  /** Makes the place where tasks run; without it that is this thread or worker threads, as the master says. */
  readonly backend?: (store: BlockStore) => TaskBackend
}

/** This machine. */
export const thisPlatform: Platform = { fs: localFileSystem, clock: new SteadyClock() }
