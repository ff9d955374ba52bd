// Receivers of records: a Receiver of the program's, with its host.

import type { ReceiverSupervisor } from './receiver-supervisor.ts'
import type { MakeReceiver } from './receiver-input.ts'
import { Receiver, type ReceiverHost } from './receiver.ts'
import { RecordCutter } from './record-cutter.ts'
import type { ReceivedBlocks } from './received-blocks.ts'

/** Runs a Receiver, and stores its records in blocks. */
export const recordReceiver = (receiver: Receiver<never>): MakeReceiver => (options, supervisor, streamId) => {
  const cutter = new RecordCutter(options)
  Receiver.attach(receiver, new Host(cutter, options.blocks, supervisor, streamId))
  return { receiver, cutter }
}

class Host implements ReceiverHost {
  readonly streamId: number
  readonly #cutter: RecordCutter
  readonly #blocks: ReceivedBlocks
  readonly #supervisor: () => ReceiverSupervisor

  constructor(cutter: RecordCutter, blocks: ReceivedBlocks, supervisor: () => ReceiverSupervisor, streamId: number) {
    this.#cutter = cutter
    this.#blocks = blocks
    this.#supervisor = supervisor
    this.streamId = streamId
  }

  get isRunning(): boolean {
    return this.#supervisor().isRunning
  }

  store(record: unknown): void {
    this.#cutter.add(record)
  }

  async storeAll(records: Iterable<unknown>): Promise<void> {
    this.#cutter.cut()
    for (const record of records) this.#cutter.add(record)
    this.#cutter.cut()
    await this.#blocks.room
  }

  reportError(message: string, error?: unknown): void {
    this.#supervisor().reportError(message, error)
  }

  restart(message: string, error?: unknown, delayMs?: number): void {
    this.#supervisor().restart(message, error, delayMs)
  }

  stop(message: string, error?: unknown): void {
    if (error !== undefined) this.reportError(message, error)
    void this.#supervisor().stop({ message, error })
  }
}
