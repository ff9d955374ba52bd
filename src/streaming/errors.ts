// Error codes of the streaming layer: misuse of contexts and streams, batches that fail, receivers.

import { defineErrors } from '../base/define-errors.ts'

const at = (place: string): string => (place === '' ? '' : ` at ${place}`)

export const streamingErrors = defineErrors({
  RIV_STREAMING_STARTED: {
    message: (operation: string, place: string, state: 'active' | 'stopped') => `${operation}${at(place)} was called on a StreamingContext that is ${state}`,
    hint: 'describe every stream and output before start()',
    docs: 'The graph of streams is fixed by `start()`: inputs, operations and outputs added afterwards would miss batches. Make them before, or use `transform` and `foreachRDD`, whose functions run in every batch.',
  },
  RIV_STREAMING_STOPPED: {
    message: () => 'start() was called on a StreamingContext that has been stopped',
    hint: 'make a new StreamingContext; stop({ stopContext: false }) leaves the Context usable for it',
    docs: 'A StreamingContext runs once, as in Spark.',
  },
  RIV_STREAMING_NOT_STARTED: {
    message: (operation: string, place: string) => `${operation}${at(place)} was called on a StreamingContext that has not been started`,
    hint: 'await ssc.start() first',
    docs: 'Before the start a stream has no batches, and so no RDDs to give.',
  },
  RIV_STREAMING_ACTIVE: {
    message: () => 'start() was called while another StreamingContext is active',
    hint: 'await stop() of the other one first; StreamingContext.getActive() gives it',
    docs: 'One StreamingContext may be active in a process, as in Spark.',
  },
  RIV_NO_OUTPUT: {
    message: () => 'start() was called, but no stream has an output operation, so nothing would run',
    hint: 'add print(), foreachRDD(…) or another output operation',
    docs: 'Streams are computed for the sake of outputs only. A program without one is a mistake.',
  },
  RIV_NO_CHECKPOINT: {
    message: (stream: string) => `${stream} keeps state from batch to batch, but the StreamingContext has no checkpoint directory`,
    hint: "call ssc.checkpoint(directory) before start(), or ssc.checkpoint('memory:') where losing the state with the process is fine",
    docs: 'Streams with state (`updateStateByKey`, `mapWithState`, windows with an inverse function) keep it in the checkpoint directory, so that a program that is started again goes on with it.',
  },
  RIV_CHECKPOINT_INTERVAL: {
    message: (stream: string, value: number, slide: number) => `the checkpoint interval of ${stream} is ${value} ms; it must be a multiple of ${slide} ms, the slide of the stream`,
    hint: 'give checkpoint() a multiple of the slide, or leave it out',
    docs: 'A checkpoint is of a batch, so the interval between two is a multiple of the stream\'s slide, as in Spark.',
  },
  RIV_CHECKPOINT_STORAGE: {
    message: (stream: string, value: number) => `${stream} is to be checkpointed every ${value} ms, and its storage level is NONE`,
    hint: 'leave persist() out, or give it another level',
    docs: 'A stream that is checkpointed is kept until then, so it has a storage level. Without `persist` it needs none of yours.',
  },
  RIV_CHECKPOINT_REMEMBER: {
    message: (stream: string, value: number, remembered: number) => `the checkpoint interval of ${stream} is ${value} ms, and ssc.remember() says ${remembered} ms; it must be longer than the interval`,
    hint: 'remember for longer, checkpoint more often, or leave one of them out',
    docs: 'What a stream remembers reaches back to its last checkpoint at least. Where the program says both, they have to fit.',
  },
  RIV_CREATE_RESULT: {
    message: (result: string) => `the function given to getOrCreate returned ${result}, and not a StreamingContext`,
    hint: 'return the StreamingContext that it makes',
    docs: 'The function given to `StreamingContext.getOrCreate` and `getActiveOrCreate` makes a StreamingContext with its streams and outputs, and returns it, or a promise of it.',
  },
  RIV_DURABILITY: {
    message: (value: string) => `checkpoint.durability is '${value}'`,
    hint: "say 'power' or 'process'",
    docs: 'With `power` an acknowledged batch survives the loss of power: a group of records costs one sync to the disk. With `process` it survives the death of the program.',
  },
  RIV_SAVEPOINT: {
    message: (path: string) => `${path} is no savepoint: it has no journal`,
    hint: 'give the folder that `rivulet savepoint` named',
    docs: 'A savepoint is a folder with the journal of a program up to some batch.',
  },
  RIV_SAVEPOINT_EXISTS: {
    message: (path: string) => `the folder ${path} of the savepoint exists already`,
    hint: 'name a folder that does not exist',
    docs: 'Savepoints are never overwritten.',
  },
  RIV_SAVEPOINT_DIRECTORY: {
    message: (savepoint: string, directory: string) => `the streams are to begin from the savepoint ${savepoint}, but the checkpoint directory ${directory} holds a checkpoint already`,
    hint: 'choose another checkpoint directory, or leave the savepoint out to go on from the checkpoint',
    docs: 'A program that is started from a savepoint begins a new checkpoint directory with it.',
  },
  RIV_NO_SAVEPOINT: {
    message: (why: string) => `no savepoint can be written: ${why}`,
    hint: 'start the streams, with a checkpoint directory that is none of memory:',
    docs: 'A savepoint is a copy of the journal in the checkpoint directory of a running program.',
  },
  RIV_REPLAY: {
    message: (timeMs: number, directory: string, kept: string) => `the batch ${timeMs} ms cannot be run again from the checkpoint ${directory}: ${kept}`,
    hint: 'choose a batch that is kept; the setting replay.keep says how many batches a program keeps',
    docs: 'A batch can be run again for debugging while the journal has its inputs and the state before it. A checkpoint keeps what recovery needs, and as many batches more as `replay.keep` says.',
  },
  RIV_UNRECOVERABLE: {
    message: (stream: string, why: string, directory: string) => `${stream} cannot be recovered from the checkpoint directory ${directory}: ${why}`,
    hint: "use a source that can be read again (files, sourceStream, receivers), or ssc.checkpoint('memory:')",
    docs: 'With a checkpoint directory a program that is started again runs unfinished batches on the inputs they had. The queue of `queueStream` is an array of the program, which is gone with it.',
  },
  RIV_STATE_MATCH: {
    message: (operator: string, problem: string) => `the checkpoint does not fit the program: ${operator} ${problem}`,
    hint: 'name streams with state with uid(), so that they are found wherever they stand; set checkpoint.allowNonRestoredState to give up the state of streams that are gone; or use another directory',
    docs: 'Streams with state find it by name: the one given by `uid`, or their kind and number among those of their kind. A stream that is gone, or has other partitions or another window, does not fit what the checkpoint holds.',
  },
  RIV_STATE_CLASS: {
    message: (operator: string, name: string) => `the checkpoint does not fit the program: the state of ${operator} has instances of the class ${name}, and no function of the program's streams uses a class of that name`,
    hint: 'keep the class under its name, or export it from a module that stays; let a program that has it turn them into plain data first',
    docs: 'Instances in a checkpoint are found to be of their class by the module that exports it, or else by the name that it has in the program. Its code may change; a class that is gone, or has another name, leaves data that nobody can read.',
  },
  RIV_STATE_KEY_KIND: {
    message: (operator: string, kept: string, brought: string) => `the checkpoint does not fit the program: the keys of ${operator} are ${kept} in the checkpoint, and ${brought} in the program`,
    hint: 'make the same keys as before; or set checkpoint.allowNonRestoredState: the state of the old keys stays then, and with another uid() the stream begins with none',
    docs: 'Keys of another kind equal none of those that a restored state has: all of them would begin anew, and nobody would ever ask for the old ones. Where the functions before the stream are not those that made the old keys, the first batch that brings some is looked at: it changes nothing, and the streams stop. A function of another module that has changed is not noticed.',
  },
  RIV_INPUT_MATCH: {
    message: (input: string, problem: string, held: string) => `the checkpoint does not fit the program: the input ${input} ${problem}, and ${held}`,
    hint: 'keep inputs without a name in their order, or name them with uid() from the start, so that they may move; let the program that has the input process what it received (stop it gracefully); or set checkpoint.allowNonRestoredState to give it up',
    docs: 'Inputs find what is left of them by name: the one given by `uid`, or their kind and number among those of their kind. What a receiver stored and no batch processed, and the place in a source, would be lost with an input that is gone; of several inputs of a kind without names, one that reads from elsewhere than the one of its number did may be another one.',
  },
  RIV_SINK_MATCH: {
    message: (timeMs: number, stored: number, found: number) => `the checkpoint does not fit the program: what the batch ${timeMs} ms prepared is to be committed by one of ${stored} two-phase sinks, and the program has ${found}`,
    hint: 'start the program once with the sinks that it had, which commits it; or set checkpoint.allowNonRestoredState to give up what is prepared',
    docs: 'A program died after a batch was complete and before its two-phase sinks had committed it. The next start commits it; sinks are found by their number among those of this kind.',
  },
  RIV_BATCH_CHANGED: {
    message: (batchMs: number, storedMs: number, unfinished: number) => `the batch interval is ${batchMs} ms, and the checkpoint has ${unfinished} unfinished batches of ${storedMs} ms`,
    hint: 'let a program with the old interval finish them (stop it gracefully), then change the interval',
    docs: 'Unfinished batches run again as they were. With another interval their times would not be batch times.',
  },
  RIV_UID: {
    message: (id: string, place: string) => `uid('${id}')${at(place)}: another stream of this context has that id`,
    hint: 'give every stream an id of its own',
    docs: 'A `uid` is the name under which a checkpoint finds the state of a stream, so it belongs to one stream only.',
  },
  RIV_BATCH_ROLLED_BACK: {
    message: (timeMs: number, failed: string) => `the batch ${timeMs} ms was taken back for all streams with state, because ${failed} failed in it`,
    hint: 'see the error of that stream',
    docs: 'The states of all streams go from batch to batch together. When one of them cannot be computed, the batch brings nothing to any of them, and outputs over the others have nothing to show for it.',
  },
  RIV_BATCH_INTERVAL: {
    message: (value: unknown) => `the batch interval is ${String(value)} ms; it must be a whole number of milliseconds, at least 1`,
    hint: "give a Duration such as seconds(1), milliseconds, or text such as '500 ms'",
    docs: 'The batch interval is the time that one batch covers.',
  },
  RIV_WINDOW: {
    message: (operation: string, place: string, what: string, value: number, slide: number) => `${operation}${at(place)}: the ${what} of ${value} ms is no positive multiple of ${slide} ms, the slide of the stream above`,
    hint: 'choose a multiple of that slide (or change the batch interval)',
    docs: 'A window is made of whole batches of the stream above, so its length and its slide are multiples of that stream\'s slide.',
  },
  RIV_SLIDES: {
    message: (operation: string, place: string, slides: readonly number[]) => `${operation}${at(place)}: the streams have different slides (${slides.map(ms => `${ms} ms`).join(', ')})`,
    hint: 'give the windows the same slide first',
    docs: '`union`, `transform` and `transformWith` take one RDD of each stream in every batch, so the streams must have their batches at the same times.',
  },
  RIV_OTHER_CONTEXT: {
    message: (operation: string, place: string) => `${operation}${at(place)}: the streams belong to different StreamingContexts`,
    hint: 'make all of them with one StreamingContext',
    docs: 'Streams of different contexts have different clocks and batches; they cannot meet.',
  },
  RIV_NO_STREAMS: {
    message: (operation: string, place: string) => `${operation}${at(place)} was called without a stream`,
    hint: 'give at least one stream',
    docs: 'Without a stream there are no batch times at which the result would have an RDD.',
  },
  RIV_NO_RDD: {
    message: (operation: string, place: string, stream: string, timeMs: number) => `${operation}${at(place)}: ${stream} has no RDD in the batch ${timeMs} ms`,
    hint: 'let compute() return an empty RDD in such a batch',
    docs: 'An input whose `compute` returns undefined has no RDD in that batch. Outputs of it skip the batch; `union` and `transform` need an RDD of every stream, so they fail it, as in Spark.',
  },
  RIV_TRANSFORM_RESULT: {
    message: (operation: string, place: string, value: string, timeMs: number) => `${operation}${at(place)}: the function returned ${value} for the batch ${timeMs} ms, and not an RDD`,
    hint: 'return an RDD; for actions without a result use foreachRDD',
    docs: 'The function given to `transform` makes an RDD of the RDDs of each batch; `compute` of an `InputDStream` gives one too, or undefined. Both may be async.',
  },
  RIV_OUTPUT: {
    message: (output: string, timeMs: number, cause: string) => `${output} in the batch ${timeMs} ms: the function threw ${cause}`,
    hint: 'the cause has your own stack trace',
    docs: 'The function of an output operation threw, or an action begun in it failed. By default the batch fails and the streams stop; `foreachRDD(f, { onFailure })` chooses otherwise.',
  },
  RIV_ON_FAILURE: {
    message: (place: string, value: string) => `foreachRDD${at(place)}: onFailure is ${value}`,
    hint: "use 'stop', 'skip' or { retry: n } with n a whole number",
    docs: 'What happens when an output fails: `stop` fails the batch and stops the streams (the default), `skip` reports the failure and goes on, `{ retry: n }` runs the output up to n times more before it stops.',
  },
  RIV_BATCHES_LATE: {
    message: (timeMs: number, delayMs: number, processingMs: number, batchMs: number) =>
      `batches begin late: the batch ${timeMs} ms waited for ${delayMs} ms, and took ${processingMs} ms of an interval of ${batchMs} ms`,
    hint: 'set spark.streaming.backpressure.enabled or receiver.maxRate, give more threads (master), do less per batch, or lengthen the interval',
    docs: 'A warning. Batches take longer than the interval, so that each waits for the ones before it. While that lasts the delay grows, and with it what is held in memory. It is said at two intervals, and again each time the delay has doubled.',
  },
  RIV_OUTPUT_BLOCKS: {
    message: (output: string, pauseMs: number, batchMs: number) => `${output} kept the program from everything else for ${pauseMs} ms, of a batch interval of ${batchMs} ms`,
    hint: 'do the work in operators, which run in threads; collect less; use asynchronous I/O',
    docs: 'A warning. Functions of `foreachRDD` and `transform` run in the thread of the program, beside the clock of the batches and the receivers: while one computes for long, or calls something synchronous that is slow, nothing else happens.',
  },
  RIV_STATE_SCAN: {
    message: (operator: string, ms: number, intervalMs: number, keys: number, withData: number) =>
      `${operator} took ${ms} ms of an interval of ${intervalMs} ms: it goes through all of its ${keys} keys, of which ${withData} had data`,
    hint: 'use mapWithState, which takes time for keys with data only; its stateSnapshots() gives all of them',
    docs: 'A warning. `updateStateByKey` calls its function for every key in every batch, so a batch takes time for all keys that ever came and were not forgotten. It is said once, when half of the interval went there three times in a row while at most one key in ten had data.',
  },
  RIV_STOP_IN_LISTENER: {
    message: () => 'stop() was called from a streaming listener',
    hint: 'let the program wait for something that the listener resolves, and stop there',
    docs: 'A listener is told of what happens in the midst of a batch, and is not told anything once the context stops. Semantics: Spark refuses it too.',
  },
  RIV_GRACEFUL_TIMEOUT: {
    message: (limitMs: number, batches: number) => `the graceful stop was not over after ${limitMs} ms; ${batches} batches were given up`,
    hint: 'raise spark.streaming.gracefulStopTimeout, or lower the load with spark.streaming.backpressure.enabled',
    docs: 'A warning. A graceful stop processes what was received; it took longer than `spark.streaming.gracefulStopTimeout` (by default ten batch intervals), and the rest was cancelled.',
  },
  RIV_ADVANCE_INSIDE_BATCH: {
    message: (timeMs: number) => `advance() was called inside the batch ${timeMs} ms, and would wait for itself`,
    hint: 'advance the clock from the test, not from foreachRDD or transform',
    docs: '`ManualClock.advance` resolves when the batches that became due have completed. Called from a function that runs in a batch it could never resolve.',
  },
  RIV_LINE_TOO_LONG: {
    message: (limit: number) => `a line is longer than ${limit} bytes and was skipped up to its end`,
    hint: 'end lines with \\n; for data that is not lines write a Receiver',
    docs: 'Text sources take lines of up to 16 MiB. A longer one is left out and reported as a receiver error; the lines around it are kept.',
  },
  RIV_SOCKET: {
    message: (address: string, what: string) => `${address}: ${what}`,
    hint: 'the receiver connects again after spark.streaming.receiverRestartDelay',
    docs: 'The connection of `socketTextStream` was refused, broke or was closed by the server. The receiver connects again after a delay. Listeners see a receiver error; it is logged, too, one that comes again the second, fourth, eighth … time.',
  },
  RIV_RECEIVER: {
    message: (what: string, cause: string) => `${what}: ${cause}`,
    hint: 'the receiver is started again after spark.streaming.receiverRestartDelay',
    docs: 'A receiver failed: `onStart` threw, the iterable of `fromAsyncIterable` threw, a record could not be stored, or the receiver reported an error. Listeners see a receiver error; it is logged, too, one that comes again the second, fourth, eighth … time.',
  },
  RIV_RECEIVER_BLOCKS: {
    message: (what: string, method: string, ms: number) => `${what}: ${method} kept the program from everything else for ${ms} ms`,
    hint: 'begin the work there and return: listen to events, await I/O, or give the work to a worker thread',
    docs: 'A warning. Receivers run in the thread of the program, beside the clock of the batches: while one of their methods computes, or waits without await, no batch begins.',
  },
  RIV_FRAME: {
    message: (address: string, what: string) => `${address}: ${what}`,
    hint: 'send what encodeFrame(records) gives, one after the other',
    docs: 'What `rawSocketStream` or `storeBytes` got is no frame of records: the length is beyond the limit of 64 MiB, or the check sum does not fit. A connection is made anew.',
  },
  RIV_RECEIVER_STATE: {
    message: (operation: string) => `${operation} was called on a receiver that no StreamingContext has started`,
    hint: 'call it from onStart() on, after ssc.receiverStream(receiver) and ssc.start()',
    docs: 'A receiver stores records for the stream that runs it. Each stream needs a receiver of its own.',
  },
  RIV_SOURCE: {
    message: (source: string, place: string, what: string, cause: string) => `${source}${at(place)}: ${what} failed: ${cause}`,
    hint: 'the cause has the stack trace of the source',
    docs: 'A method of a `ReplayableSource` that runs in the driver threw or rejected: `initial`, `latest`, `split` or `committed`.',
  },
  RIV_RECORD_LENGTH_ARGUMENT: {
    message: (place: string, value: number) => `binaryRecordsStream${at(place)}: the record length is ${value}; it must be a whole number of bytes, at least 1`,
    hint: 'give the size of one record in bytes',
    docs: 'The records of a `binaryRecordsStream` all have the same length.',
  },
  RIV_QUEUE: {
    message: (place: string, value: string) => `queueStream${at(place)}: the queue held ${value}; it takes arrays and RDDs`,
    hint: 'push arrays of records, or RDDs of the same Context',
    docs: 'Each element of a `queueStream` is the input of one batch: an array of records or an RDD.',
  },
})
