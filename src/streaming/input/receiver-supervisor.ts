// Runs one receiver: starts it, starts it again when it fails, stops it, tells listeners, and logs what went wrong.
//
//   idle ──start──→ running ──restart──→ pausing ──delay over──→ running …
//                      └─────stop───────────┴──→ stopped
//
// Delays are of the stream clock. A receiver that keeps the event loop for long in onStart or onStop is warned of: nothing else runs then. What onStop of an earlier start does is awaited before the next start.

import type { Clock } from '../../base/clock.ts'
import { isRivuletError } from '../../base/define-errors.ts'
import type { Logger } from '../../base/log.ts'
import type { ReceiverEvents, ReceiverInfo } from '../events/streaming-listener.ts'
import { streamingErrors } from '../errors.ts'

/** How long onStart and onStop may keep the event loop. */
const mostBlockingMs = 50

/** What the supervisor starts and stops. */
export interface Startable {
  onStart(): void | Promise<void>
  onStop(): void | Promise<void>
}

export interface SupervisorOptions {
  readonly log: Pick<Logger, 'warn'>
  readonly receiver: Startable
  readonly clock: Clock
  readonly events: ReceiverEvents
  readonly streamId: number
  /** What it is, for messages. */
  readonly name: string
  readonly restartDelayMs: number
}

export class ReceiverSupervisor {
  readonly #options: SupervisorOptions
  #state: 'idle' | 'running' | 'pausing' | 'stopped' = 'idle'
  #cancelRestart = (): void => {}
  #stopped: Promise<void> = Promise.resolve()
  /** The message that was logged last, and how often it has come since. */
  #logged = { message: '', times: 0 }
  #lastError: Pick<ReceiverInfo, 'lastError' | 'lastErrorMessage' | 'lastErrorTime'> = {}

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Whether it will never run again. */
  get isStopped(): boolean {
    return this.#state === 'stopped'
  }

  start(): void {
    this.#state = 'running'
    this.#post('onReceiverStarted')
    void this.#call('onStart', error => this.restart(streamingErrors.RIV_RECEIVER.withCause(error, this.#options.name, `onStart threw ${String(error)}`).message, error))
  }

  reportError(message: string, error?: unknown): void {
    this.#note(message, error)
    this.#log(message, error)
    this.#post('onReceiverError')
  }

  restart(message: string, error?: unknown, delayMs = this.#options.restartDelayMs): void {
    if (this.#state !== 'running') return
    this.#state = 'pausing'
    this.reportError(message, error)
    this.#stopped = this.#onStop()
    const { clock } = this.#options
    this.#cancelRestart = clock.at(clock.now() + delayMs, async () => {
      await this.#stopped
      if (this.#state === 'pausing') this.start()
    })
  }

  /** Ends it for good, for a reason of its own if it gives one; resolves when onStop has. */
  async stop(reason?: { readonly message: string; readonly error?: unknown }): Promise<void> {
    const before = this.#state
    if (before !== 'idle' && before !== 'stopped') {
      this.#state = 'stopped'
      this.#cancelRestart()
      if (reason !== undefined) this.#note(reason.message, reason.error)
      if (before === 'running') this.#stopped = this.#onStop()
      this.#post('onReceiverStopped')
    }
    await this.#stopped
  }

  #note(message: string, error: unknown): void {
    this.#lastError = { lastErrorMessage: message, lastErrorTime: this.#options.clock.now(), ...(error !== undefined && { lastError: error instanceof Error ? error.stack ?? String(error) : String(error) }) }
  }

  /** One that comes again and again, such as a refused connection, is logged the first, second, fourth, eighth … time. */
  #log(message: string, error: unknown): void {
    const times = message === this.#logged.message ? this.#logged.times + 1 : 1
    this.#logged = { message, times }
    if (!Number.isInteger(Math.log2(times))) return
    const { log, name, streamId } = this.#options
    log.warn({ code: isRivuletError(error) ? error.code : 'RIV_RECEIVER', stream: streamId, ...(times > 1 && { times }) }, message.startsWith(`${name}: `) ? message : `${name}: ${message}`)
  }

  #onStop(): Promise<void> {
    return this.#call('onStop', error => this.reportError(streamingErrors.RIV_RECEIVER.withCause(error, this.#options.name, `onStop threw ${String(error)}`).message, error))
  }

  async #call(method: keyof Startable, onError: (error: unknown) => void): Promise<void> {
    const { receiver, name, log } = this.#options
    const started = performance.now()
    const warnOfBlocking = (): void => {
      const ms = Math.round(performance.now() - started)
      if (ms > mostBlockingMs) log.warn({ code: 'RIV_RECEIVER_BLOCKS' }, streamingErrors.RIV_RECEIVER_BLOCKS(name, method, ms).message)
    }
    try {
      const done = receiver[method]()
      warnOfBlocking()
      await done
    } catch (error) {
      onError(error)
    }
  }

  #post(event: 'onReceiverStarted' | 'onReceiverError' | 'onReceiverStopped'): void {
    const { streamId, name, events } = this.#options
    events.post(event, { receiverInfo: { streamId, name, active: this.#state === 'running', location: 'driver', executorId: 'driver', ...this.#lastError } })
  }
}
