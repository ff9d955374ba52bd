// The actions of a context that are running, and the scopes in which they were begun.
//
// - An action belongs to the scope in force when it is called, across awaits (AsyncLocalStorage): job group, signal, tracker.
// - Cancelling rejects the action at once and aborts its signal; the engine ends the tasks behind it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { engineErrors } from '../engine/errors.ts'
import type { JobProperties } from '../engine/events/context-listener.ts'

/** What actions begun inside share. */
export interface JobScope {
  readonly group?: string
  readonly description?: string
  readonly tags?: readonly string[]
  /** Local properties. */
  readonly local?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Is given every action begun inside, awaited by anybody or not; the caller gets the promise that it returns. */
  readonly tracker?: <R>(action: Promise<R>) => Promise<R>
}

interface Running {
  readonly action: string
  readonly place: string
  readonly scope: JobScope
  /** Rejects the action; the error is the reason of its signal too. */
  readonly end: (error: Error) => void
  /** Settles when nothing of the action runs any more: a save has removed what it wrote. */
  readonly over: Promise<unknown>
}

const noScope: JobScope = {}

export class RunningActions {
  readonly #scopes = new AsyncLocalStorage<JobScope>()
  readonly #running = new Set<Running>()
  readonly #refused = new Map<string, Error>()

  /** Runs `body` in a scope that adds to the one in force. */
  within<R>(scope: JobScope, body: () => R): R {
    return this.#scopes.run(this.#added(scope), body)
  }

  /** Changes the scope in force from here on, in this function and what it awaits. */
  change(change: (scope: JobScope) => JobScope): void {
    this.#scopes.enterWith(change(this.scope))
  }

  /** The scope in force. */
  get scope(): JobScope {
    return this.#scopes.getStore() ?? noScope
  }

  /** What a job that is begun now has from the scope in force. */
  get properties(): JobProperties {
    const { group, description, tags = [], local = {} } = this.scope
    return { ...(group !== undefined && { group }), ...(description !== undefined && { description }), tags, local }
  }

  /** Actions that are begun in the group are refused from now on. */
  refuseGroup(group: string, reason: Error): void {
    this.#refused.set(group, reason)
  }

  /** Begins an action; `run` is called before this returns. */
  begin<R>(action: string, place: string, run: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const { scope } = this
    const promise = this.#run(action, place, scope, run)
    return scope.tracker === undefined ? promise : scope.tracker(promise)
  }

  /** Cancels the actions that `which` names, or all. */
  cancel(reason: Error, which: (scope: JobScope) => boolean = () => true): void {
    for (const { action, place, scope, end } of this.#running) if (which(scope)) end(cancelled(action, place, reason))
  }

  /** Rejects every action with an error that is made for it; gives the promise that what they began is over. */
  endAll(errorFor: (action: string, place: string) => Error): Promise<unknown> {
    const over = [...this.#running].map(({ over }) => over)
    for (const { action, place, end } of this.#running) end(errorFor(action, place))
    return Promise.allSettled(over)
  }

  #added(scope: JobScope): JobScope {
    const outer = this.scope
    const signals = [outer.signal, scope.signal].filter(signal => signal !== undefined)
    const tags = [...new Set([...outer.tags ?? [], ...scope.tags ?? []])]
    return { ...outer, ...scope, tags, local: { ...outer.local, ...scope.local }, ...(signals.length === 2 && { signal: AbortSignal.any(signals) }) }
  }

  #run<R>(action: string, place: string, scope: JobScope, run: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const refused = scope.group === undefined ? undefined : this.#refused.get(scope.group)
    if (refused !== undefined) return Promise.reject(cancelled(action, place, refused))
    if (scope.signal?.aborted === true) return Promise.reject(cancelled(action, place, scope.signal.reason))
    return new Promise<R>((resolve, reject) => {
      const controller = new AbortController()
      const end = (error: Error): void => {
        reject(error)
        controller.abort(error)
      }
      const onAbort = (): void => end(cancelled(action, place, scope.signal?.reason))
      scope.signal?.addEventListener('abort', onAbort, { once: true })
      const over = run(controller.signal).then(resolve, reject).finally(() => {
        this.#running.delete(running)
        scope.signal?.removeEventListener('abort', onAbort)
      })
      const running = { action, place, scope, end, over }
      this.#running.add(running)
    })
  }
}

const cancelled = (action: string, place: string, reason: unknown): Error => engineErrors.RIV_JOB_CANCELLED.withCause(reason, place === '' ? action : `${action} at ${place}`)
