// Receivers of records: a Receiver of the program's, with its host.

import { setImmediate as turn } from 'node:timers/promises'
import type { Frame } from '../../storage/frame-file.ts'
import { streamingErrors } from '../errors.ts'
import type { CutterOptions } from './block-cutter.ts'
import { frameAt } from './block-frame.ts'
import type { ReceiverSupervisor } from './receiver-supervisor.ts'
import type { MakeReceiver } from './receiver-input.ts'
import { Receiver, type ReceiverHost } from './receiver.ts'
import { RecordCutter } from './record-cutter.ts'

/** A cutter that reports what it leaves out. */
export function recordCutter(options: CutterOptions, supervisor: () => ReceiverSupervisor): RecordCutter {
  const onRefused = (error: unknown): void => supervisor().reportError(streamingErrors.RIV_RECEIVER.withCause(error, 'a record was left out', String(error)).message, error)
  return new RecordCutter({ ...options, onRefused })
}

/** Runs a Receiver, and stores its records in blocks. */
export const recordReceiver = (receiver: Receiver<never>): MakeReceiver => (options, supervisor, streamId) => {
  const cutter = recordCutter(options, supervisor)
  Receiver.attach(receiver, new Host(cutter, options, supervisor, streamId))
  return { receiver, cutter }
}

const turnMs = 5
const recordsPerLook = 64

class Host implements ReceiverHost {
  readonly streamId: number
  readonly #cutter: RecordCutter
  readonly #options: CutterOptions
  readonly #supervisor: () => ReceiverSupervisor

  constructor(cutter: RecordCutter, options: CutterOptions, supervisor: () => ReceiverSupervisor, streamId: number) {
    this.#cutter = cutter
    this.#options = options
    this.#supervisor = supervisor
    this.streamId = streamId
  }

  get isRunning(): boolean {
    return this.#supervisor().isRunning
  }

  store(record: unknown): void {
    this.#cutter.add(record)
  }

  async storeAll(records: Iterable<unknown> | AsyncIterable<unknown>, metadata: unknown): Promise<void> {
    const { blocks } = this.#options
    this.#cutter.cut()
    if (metadata !== undefined) blocks.note(metadata)
    if (Symbol.asyncIterator in records) {
      for await (const record of records) {
        this.#cutter.add(record)
        if (blocks.isFull) await blocks.room
        if (this.#supervisor().isStopped) return
      }
    } else {
      let [n, turned] = [0, performance.now()]
      for (const record of records) {
        this.#cutter.add(record)
        if (Array.isArray(records) || ++n % recordsPerLook !== 0) continue // an array is in memory as a whole
        if (blocks.isFull) await blocks.room
        if (this.#supervisor().isStopped) return
        if (performance.now() - turned < turnMs) continue
        await turn()
        turned = performance.now()
      }
    }
    this.#cutter.cut()
    await Promise.all([blocks.room, blocks.durable])
  }

  async storeBytes(bytes: Uint8Array, metadata: unknown): Promise<void> {
    const { blocks, runner, limit } = this.#options
    const frames: Frame[] = []
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let at = 0; at < all.length;) {
      const found = frameAt(all, at, 'storeBytes')
      if (typeof found === 'number') throw streamingErrors.RIV_FRAME('storeBytes', `the last frame is cut short: ${all.length - at} bytes of it are there`)
      frames.push(found.frame)
      at = found.end
    }
    this.#cutter.cut()
    if (metadata !== undefined) blocks.note(metadata)
    for (const { count, payload } of frames) {
      while (!blocks.store(() => runner.storeText(payload), count)) await blocks.room
      limit.took(count)
    }
    await Promise.all([blocks.room, blocks.durable])
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
