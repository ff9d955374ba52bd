// Failures inside a task, as they travel from the fused loop to the scheduler.

import { defineErrors } from '../base/define-errors.ts'
import { showRecord } from '../wire/remote-error.ts'

/** A user function threw: which one (by its index in the stage's function table), on which record, and what. */
export class UserFailure extends Error {
  override name = 'UserFailure'
  readonly fn: number
  readonly record: unknown

  constructor(fn: number, record: unknown, cause: unknown) {
    super('a user function failed', { cause })
    this.fn = fn
    this.record = record
  }
}

/** A block holds instances of a class that this thread does not have yet: load it and run the task again. */
export class UnknownClass extends Error {
  override name = 'UnknownClass'
  readonly ref: unknown

  constructor(ref: unknown) {
    super(`a class is not known in this thread: ${JSON.stringify(ref)}`)
    this.ref = ref
  }
}

/** Trying again cannot help: the cause is the error of the action. */
export class FinalFailure extends Error {
  override name = 'FinalFailure'

  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

/** The task could not use its files for what does not fit in memory, or a state's; no fault of the function in which that showed. */
export class SpillFailure extends Error {
  override name = 'SpillFailure'

  constructor(cause: Error) {
    super(cause.message, { cause })
  }
}

/** What has to be in memory together is more than the task may hold: trying again cannot help. */
export class TooLarge extends Error {
  override name = 'TooLarge'

  constructor(key: unknown, bytes: number, most: number) {
    super(`what belongs to the key ${showRecord(key)} takes about ${Math.round(bytes / 2 ** 20)} MiB, a task may hold ${Math.round(most / 2 ** 20)} MiB of it`)
  }
}

/** The task saw its cancel flag. */
export class TaskCancelled extends Error {
  override name = 'TaskCancelled'
}

export const kernelErrors = defineErrors({
  RIV_ASYNC_FUNCTION: {
    message: () => 'the function returned a Promise where a plain value is needed',
    hint: 'use mapAsync(async x => …), which awaits with bounded concurrency, or mapPartitions with an async generator',
    docs: 'An element function (`map`, `filter`, `flatMap`, `foreach`, `reduce` …) is synchronous; a Promise as its result would become a record, or count as true. `mapAsync` is the operator for asynchronous work on each record.',
  },
  RIV_ASYNC_TIMEOUT: {
    message: (timeoutMs: number) => `the function given to mapAsync did not settle within ${timeoutMs} ms`,
    hint: 'raise timeout, or pass the signal on to what the function waits for',
    docs: 'A call of the function given to `mapAsync` took longer than its `timeout`. Its signal was aborted and the task failed; it is tried again like any failing task.',
  },
  RIV_PARTITIONER: {
    message: (partition: unknown, key: string, partitions: number) => `getPartition gave ${String(partition)} for the key ${key}; it must give an integer from 0 to ${partitions - 1}`,
    hint: 'mend getPartition of the partitioner',
    docs: 'A custom `Partitioner` answered with something that is no partition of it.',
  },
  RIV_STATE_ABSENT: {
    message: (key: unknown) => `the state of key ${showRecord(key)} was asked for, and there is none`,
    hint: 'ask exists() first, or use getOption()',
    docs: '`State.get()` was called for a key without a state: one that is new, or was removed.',
  },
  RIV_STATE_ENDED: {
    message: (what: string, key: unknown, why: string) => `${what}() was called on the state of key ${showRecord(key)}, which ${why}`,
    hint: 'ask isTimingOut() before changing a state, and change nothing after remove()',
    docs: 'The function given to `mapWithState` changed a state that is gone: the key is being timed out, or was removed by the same call.',
  },
  RIV_STATE_KEY: {
    message: (key: unknown) => `the function given to updateStateByKey gave a state for the key ${showRecord(key)}, which it was not handed`,
    hint: 'keep the keys as they are, or say { rememberPartitioner: false }: then what the function gives is brought to the partitions of its keys',
    docs: 'A function over whole partitions (`updateStateByKey` with `wholePartitions: true`) changed a key. Each key lives in one partition, where its next values go; a changed one may belong to another.',
  },
  RIV_INVERSE_WINDOW: {
    message: (key: unknown) => `values of key ${showRecord(key)} leave the window, which has no value for it to take them from`,
    hint: 'let the filter keep a key as long as a value of it is in the window, or leave the inverse function out',
    docs: 'A window with an inverse function takes what leaves it from the value it has. The filter dropped the key before all of its values had left, so what remains cannot be known.',
  },
  RIV_NOT_A_PAIR: {
    message: (record: string) => `a pair operation met a record that is no [key, value] array: ${record}`,
    hint: 'map to [key, value] first',
    docs: 'Operations by key work on records that are arrays of two elements. TypeScript refuses others at compile time; this one got through as `any`.',
  },
  RIV_ZIP_LENGTH: {
    message: (operation: string) => `${operation}: a partition of one RDD has more records than that of the other`,
    hint: 'zip an RDD with what is made of it by map alone, or number the records with zipWithIndex and join by the number',
    docs: '`zip` puts record i of a partition beside record i of the same partition of the other RDD, so both must have equally many.',
  },
  RIV_NO_FRACTION: {
    message: (key: string) => `sampleByKey met the key ${key}, for which no fraction was given`,
    hint: 'give a fraction for every key; 0 leaves its pairs out',
    docs: '`sampleByKey` and `sampleByKeyExact` take a Map with a fraction for every key of the RDD, as in Spark.',
  },
  RIV_CHECKPOINT_LOST: {
    message: (rdd: string) => `the partitions of the local checkpoint of ${rdd} are gone`,
    hint: 'do not unpersist it while it is used, or use checkpoint()',
    docs: 'A local checkpoint is kept in memory and its lineage was cut, so that nothing can compute it again: `unpersist()` loses it. Semantics: `RDD.localCheckpoint`.',
  },
  RIV_JSON_LINE: {
    message: (path: string, place: string, text: string, problem: string) => `${path}, ${place} is no JSON: ${problem}; it is ${text}`,
    hint: 'mend the file; or read it with textFile and parse it with a function that decides what becomes of such lines',
    docs: 'A file read by `jsonFile` has a line that is no JSON value. Each line is one value; a value over several lines, or an array around them all, is not read.',
  },
  RIV_RECORD_NOT_JSON: {
    message: (record: string, problem: string) => `the record ${record} cannot be written as JSON: ${problem}`,
    hint: 'map the records to plain objects of strings, numbers, booleans, null and arrays first; saveAsObjectFile writes everything',
    docs: '`saveAsJsonFile` writes what `JSON.stringify` gives: there is none for `undefined`, functions, symbols, bigints and circular objects.',
  },
  RIV_CSV_ROW: {
    message: (path: string, place: string, problem: string) => `${path}, ${place}: ${problem}`,
    hint: 'mend the file, or say how it is written: delimiter, quote, escape, header, multiLine, schema',
    docs: 'A file read by `csvFile` has a row that does not fit: a quote that is not closed, more or fewer fields than columns, or a value that is not of its column\'s type. Values with line breaks need `multiLine: true`.',
  },
  RIV_CSV_HEADER: {
    message: (path: string, problem: string) => `the header of ${path} ${problem}`,
    hint: 'give header: false where the file has none, or a schema with the names that it has',
    docs: 'The first row of a file read by `csvFile` with `header: true` names its columns: each name once, and every name of the schema among them.',
  },
  RIV_RECORD_COLUMN: {
    message: (record: string, problem: string) => `the record ${record} ${problem}`,
    hint: 'give columns or a schema that fits every record, or map the records first',
    docs: 'A table was to be written (CSV, Parquet, Avro), and a record does not fit its columns. Where the program gives no columns they come from the first records.',
  },
  RIV_TABLE_SCHEMA: {
    message: (problem: string) => `no columns for the table: ${problem}`,
    hint: "give a schema, as in { schema: { name: 'string', count: 'number', tags: ['string'], more: 'json?' } }",
    docs: 'A table was to be written, and its schema has a type that does not exist; or none was given, and the first records have no common one.',
  },
  RIV_TABLE_COLUMN: {
    message: (path: string, column: string, columns: string) => `${path} has no column ${column}; it has ${columns}`,
    hint: 'leave the column out, or read the files that have it apart from the others',
    docs: 'A column was asked for that a file does not have.',
  },
  RIV_FILE_FORMAT: {
    message: (path: string, format: string, problem: string) => `${path} cannot be read as ${format}: ${problem}`,
    hint: 'the file is of another kind, was cut short or changed, or uses a part of the format that is not there',
    docs: 'A Parquet or Avro file is not what was expected. The message has what was wrong; where it names a codec or an encoding, write the file with another.',
  },
  RIV_STATE_DAMAGED: {
    message: (problem: string) => `the database of a state is damaged: ${problem}`,
    hint: 'nothing is lost: it was given up, and is built anew from the checkpoint when the batch is tried again or the program starts',
    docs: "With `state.store` `disk`, databases beside the checkpoint's journal hold what does not fit in memory. They are a cache: what is in them is in the journal too. One was found damaged while it was used.",
  },
  RIV_STATE_DISK: {
    message: (problem: string) => `the database of a state cannot be read or written: ${problem}`,
    hint: 'free space on the disk of the checkpoint directory, or of spark.local.dir where there is none, and check their mode',
    docs: 'With `state.store` `disk`, what does not fit in memory is in databases. SQLite could not use one: the disk is full, or read-only, or failed.',
  },
  RIV_STATE_SQLITE: {
    message: (version: string) => `state.store disk needs node:sqlite, which this Node ${version} has not`,
    hint: 'run it with a Node from nodejs.org, 22.22 or newer, without --no-experimental-sqlite; or set state.store to memory',
    docs: 'With `state.store` `disk`, states are in databases of the SQLite that comes with Node. Node can be built, or started, without it.',
  },
  RIV_PIPE: {
    message: (command: string, code: unknown) => `the program ${JSON.stringify(command)} of pipe ended with ${typeof code === 'string' ? 'signal' : 'code'} ${String(code)}`,
    hint: 'what it wrote to stderr stands on stderr; end it with `; true` where its exit code means nothing',
    docs: 'A program that records were piped through ended with an exit code other than 0, so its output cannot be trusted to be whole.',
  },
  RIV_BLOCK_MEMORY: {
    message: (wanted: number, limit: number) => `block memory is full: ${wanted} bytes are wanted, memory.blocks is ${limit} bytes`,
    hint: 'raise memory.blocks, use smaller batches, or unpersist what is not needed',
    docs: 'All data between tasks lives in one pool of shared memory with one limit. It is full and nothing in it can be given up.',
  },
})
