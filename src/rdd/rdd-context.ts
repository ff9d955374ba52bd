// The context, as RDDs know it. The class is two layers up; this is all they need of it.

import type { JobRunner } from './job-runner.ts'

export interface RDDContext {
  /** The engine that runs jobs. */
  readonly runner: JobRunner
  /** Throws RIV_CONTEXT_STOPPED after `stop()`; `what` is the operation that was tried. */
  assertRunning(what: string): void
  /** Registers a running action, so that `stop()` can reject it and batches can wait for it. */
  action<R>(action: string, site: { readonly place: string }, run: () => Promise<R>): Promise<R>
}
