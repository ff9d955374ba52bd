// What listeners of a StreamingContext are told. Names are Spark's; times and durations are milliseconds of the stream clock.

/** What one input has in a batch. */
export interface InputInfo {
  /** The stream's number among the inputs, from 0. */
  readonly inputStreamId: number
  /** Records, where the input knows. */
  readonly numRecords: number
  /** What the input says of them: `Description` (files, ranges of offsets), `blocks` (what a receiver said of its blocks). */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A batch; what is not known yet is undefined. */
export interface BatchInfo {
  /** The batch's time, which is its id. */
  readonly batchTime: number
  /** Records of its inputs, where they are known. */
  readonly numRecords: number
  readonly submissionTime: number
  readonly processingStartTime?: number
  readonly processingEndTime?: number
  /** From submission to the start of processing. */
  readonly schedulingDelay?: number
  /** From the start of processing to its end. */
  readonly processingDelay?: number
  /** The sum of the two. */
  readonly totalDelay?: number
  /** By input stream. Not enumerable: what logs or compares a batch shows its numbers. */
  readonly streamIdToInputInfo: Readonly<Record<number, InputInfo>>
  /** By output operation, as far as they have begun. Not enumerable. */
  readonly outputOperationInfos: Readonly<Record<number, OutputOperationInfo>>
}

/** One output operation in one batch. */
export interface OutputOperationInfo {
  readonly batchTime: number
  /** Counts from 0 in the order of registration. */
  readonly id: number
  /** The operation's name: `foreachRDD`, `print` … */
  readonly name: string
  /** The name, and where it stands in the program. */
  readonly description: string
  readonly startTime?: number
  readonly endTime?: number
  /** From start to end. */
  readonly duration?: number
  /** Why it failed; absent when it did not. */
  readonly failureReason?: string
}

/** A receiver. */
export interface ReceiverInfo {
  /** The input stream's number, counted from 0. */
  readonly streamId: number
  /** What it is: `socketTextStream at app.ts:3:12`. */
  readonly name: string
  readonly active: boolean
  /** Where it runs: in the program itself. */
  readonly location: string
  readonly executorId: string
  readonly lastErrorMessage?: string
  readonly lastError?: string
  /** When it was reported, on the stream's clock. */
  readonly lastErrorTime?: number
}

/**
 * An object with any of these methods; they are called as things happen, in order. One that throws does no harm.
 *
 * Semantics: `org.apache.spark.streaming.scheduler.StreamingListener`.
 *
 * @example
 * import { Context, StreamingContext, type StreamingListener } from 'rivulet'
 * const ssc = new StreamingContext(new Context(), '1 s')
 * const listener: StreamingListener = { onBatchCompleted: ({ batchInfo }) => console.error(batchInfo.totalDelay) }
 * ssc.addStreamingListener(listener)
 */
export interface StreamingListener {
  onStreamingStarted?(event: { readonly time: number }): void
  onBatchSubmitted?(event: { readonly batchInfo: BatchInfo }): void
  onBatchStarted?(event: { readonly batchInfo: BatchInfo }): void
  onBatchCompleted?(event: { readonly batchInfo: BatchInfo }): void
  onOutputOperationStarted?(event: { readonly outputOperationInfo: OutputOperationInfo }): void
  onOutputOperationCompleted?(event: { readonly outputOperationInfo: OutputOperationInfo }): void
  onReceiverStarted?(event: { readonly receiverInfo: ReceiverInfo }): void
  onReceiverError?(event: { readonly receiverInfo: ReceiverInfo }): void
  onReceiverStopped?(event: { readonly receiverInfo: ReceiverInfo }): void
}

/** The receivers' half, as inputs see it. */
export interface ReceiverEvents {
  post(event: 'onReceiverStarted' | 'onReceiverError' | 'onReceiverStopped', payload: { readonly receiverInfo: ReceiverInfo }): void
}
