// An engine: what the context starts and closes.

import type { JobRunner } from '../rdd/job-runner.ts'

/** Runs jobs until it is closed. */
export interface Engine extends JobRunner {
  /** Fails what runs, ends threads, gives memory back. May be called twice. */
  close(): Promise<void>
}
