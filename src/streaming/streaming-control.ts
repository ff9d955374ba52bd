// What a StreamingContext tells and does when it is asked through the control socket.

import type { ControlHandlers, ProgramStatus } from '../control/control-handlers.ts'
import type { BatchInfo, StreamingListener } from './events/streaming-listener.ts'

/** The part of a StreamingContext that is controlled. */
interface Streams {
  readonly sparkContext: { readonly appName: string; readonly master: string }
  stop(options: { readonly graceful: boolean }): Promise<void>
  savepoint(directory?: string): Promise<string>
  addStreamingListener(listener: StreamingListener): void
}

/** Handlers for the control socket that keep count of the batches; `batchMs` is the interval. */
export function streamingControl(ssc: Streams, batchMs: number): ControlHandlers {
  const { appName: app, master } = ssc.sparkContext
  const startedMs = Date.now()
  let state: ProgramStatus['state'] = 'starting'
  let batches = 0
  let records = 0
  let last: BatchInfo | undefined
  const listener: StreamingListener = {
    onStreamingStarted() { if (state === 'starting') state = 'running' },
    onBatchCompleted({ batchInfo }) {
      batches++
      records += batchInfo.numRecords
      last = batchInfo
    },
  }
  ssc.addStreamingListener(listener)
  return {
    status: () => ({
      app, pid: process.pid, startedMs, master, state, batchMs, batches, records,
      ...(last !== undefined && { lastBatch: { timeMs: last.batchTime, records: last.numRecords, processingMs: last.processingDelay ?? 0, totalDelayMs: last.totalDelay ?? 0 } }),
    }),
    async stop({ drain }) {
      state = 'stopping'
      await ssc.stop({ graceful: drain })
      state = 'stopped'
    },
    savepoint: dir => ssc.savepoint(dir),
  }
}
