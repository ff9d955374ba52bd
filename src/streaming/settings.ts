// Settings of the streaming layer.

import { defineSettings, kinds } from '../base/define-settings.ts'

export const streamingSettings = defineSettings({
  'spark.streaming.checkpoint.directory': kinds.text('', 'Where state is kept, as `ssc.checkpoint(directory)` says it.'),
  'state.store': kinds.oneOf('memory', ['memory', 'disk'], 'Where the state of streams is held: `memory`, or `disk` where it may be larger than memory; then it is in databases below the checkpoint directory, or in `spark.local.dir` where there is none. The journal has it in either case.'),
  'state.cacheBytes': kinds.bytes(256 << 20, 'With `state.store` `disk`, bytes of values that each stream with state holds in memory, over its partitions, besides what its last batches changed.'),
  'state.behindBytes': kinds.bytes(16 << 20, 'With `state.store` `disk`, bytes of the journal that the databases of each stream with state may be behind, over its partitions: what a program that starts again has to read. Less is quicker to start, and writes more often what changes often.'),
  'checkpoint.durability': kinds.text('power', 'What an acknowledged batch survives: `power` (one sync to the disk a group of records), or `process` (the death of the program).'),
  'checkpoint.savepoint': kinds.text('', 'The savepoint that a program begins from; `rivulet run -s` sets it.'),
  'checkpoint.pinnedBytes': kinds.bytes(64 << 20, 'Bytes of a checkpoint that a state which hardly changes may hold back from being removed, beside twice its size; beyond it the state is written again.'),
  'replay.directory': kinds.text('', 'The checkpoint directory of the batch that is run again; `rivulet replay` sets it.'),
  'replay.batch': kinds.count(0, 'The time of the batch that is run again, in milliseconds; `rivulet replay` sets it.'),
  'replay.keep': kinds.count(0, 'Batches that a checkpoint keeps beyond what recovery needs, for `rivulet replay`.'),
  'checkpoint.allowNonRestoredState': kinds.boolean(false, 'Whether a program may start from a checkpoint that has state of streams which are gone; it is given up then.'),
  'spark.streaming.blockInterval': kinds.durationMs(0, 'Time after which a receiver begins a new block; each block is a partition of its batch. 0 means 200 ms, or half a batch where that is less. Blocks end at every batch anyway.'),
  'spark.streaming.receiverRestartDelay': kinds.durationMs(2_000, 'Pause before a receiver that failed or lost its connection starts again.'),
  'spark.streaming.fileStream.minRememberDuration': kinds.durationMs(60_000, 'How long after its modification a file of a file stream can still be taken, rounded up to whole batches; also how far back `newFilesOnly: false` looks.'),
  'spark.streaming.stopGracefullyOnShutdown': kinds.boolean(false, 'Stop gracefully on SIGINT and SIGTERM: what was received is processed first.'),
  'spark.streaming.concurrentJobs': kinds.count(1, 'How many outputs of a batch run at once; batches still run one after another. With more than 1 the order of outputs means nothing.'),
  'spark.streaming.gracefulStopTimeout': kinds.durationMs(0, 'How long a graceful stop waits for its batches, on the clock of the streams; 0 is ten batch intervals. What is left is cancelled.'),
  'spark.streaming.stopSparkContextByDefault': kinds.boolean(true, 'Whether `ssc.stop()` stops the Context too where the call does not say.'),
  'spark.streaming.receiver.maxRate': kinds.ratio(0, 'Most records a second of each input; 0 is no limit. Receivers are held back (their sockets paused), sources with offsets asked for less; files are not limited.'),
  'spark.streaming.backpressure.enabled': kinds.boolean(false, 'Whether the rate of each input follows how fast its batches are processed, below `spark.streaming.receiver.maxRate`.'),
  'spark.streaming.backpressure.initialRate': kinds.ratio(0, 'With backpressure, records a second of each input until two batches have been measured; 0 means `spark.streaming.receiver.maxRate`.'),
  'spark.streaming.backpressure.rateEstimator': kinds.oneOf('pid', ['pid'], 'How rates are estimated.'),
  'spark.streaming.backpressure.pid.proportional': kinds.ratio(1, 'Weight of the difference between the last rate and the rate of processing.'),
  'spark.streaming.backpressure.pid.integral': kinds.ratio(0.2, 'Weight of the records that wait because batches began late.'),
  'spark.streaming.backpressure.pid.derived': kinds.ratio(0, 'Weight of the change of that difference.'),
  'spark.streaming.backpressure.pid.minRate': kinds.ratio(100, 'Least records a second that backpressure lets in.'),
  'receiver.blockBytes': kinds.bytes(1 << 20, 'Size at which a receiver begins a new block.'),
  'receiver.maxWaitingBytes': kinds.bytes(256 << 20, 'Received bytes that wait for their batch to complete; beyond it the receiver pauses its socket, or its iterable.'),
})
