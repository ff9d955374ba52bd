// Error codes of the RDD layer: what cannot be described, and actions that cannot give what was asked.

import { defineErrors } from '../base/define-errors.ts'

const at = (place: string): string => (place === '' ? '' : ` at ${place}`)
const times = (attempts: number): string => (attempts === 1 ? '' : `; tried ${attempts} times`)

export const rddErrors = defineErrors({
  RIV_USER_FUNCTION: {
    message: (op: string, place: string, record: string, cause: string, attempts: number) =>
      `${op}${at(place)}: the function threw ${cause}${record === '' ? '' : `, on the record ${record}`}${times(attempts)}`,
    hint: 'the cause has your own stack trace',
    docs: 'A function given to an operator threw. The message names the operator, where it was called, and the record (shortened); `cause` is your own error with its name, message, properties and stack. On threads a failing task is tried four times before its job fails. `deadLetter` and `onFailure` are the policies for streams.',
  },
  RIV_NOT_A_FUNCTION: {
    message: (op: string, place: string, value: string) => `${op}${at(place)} was given ${value} where it takes a function`,
    hint: 'give a function',
    docs: 'An operator got something else where it takes a function. TypeScript refuses that; plain JavaScript meets it here, at the call.',
  },
  RIV_EMPTY_RDD: {
    message: (action: string, place: string) => `${action}${at(place)}: the RDD is empty`,
    hint: 'ask isEmpty() first, or use take(1) or fold(zero, f), which have an answer for an empty RDD',
    docs: 'The action has no value for an RDD without records: `first`, `reduce`, `min` and `max` reject, as in Spark.',
  },
  RIV_UNRESOLVED: {
    message: (rdd: string) => `the number of partitions of ${rdd} is not known yet`,
    hint: 'await rdd.resolve() first',
    docs: 'Describing an RDD does no I/O: files are listed when a job is planned. `await rdd.resolve()` does it now; `getNumPartitions()` answers afterwards.',
  },
  RIV_PARTITION_COUNT: {
    message: (operation: string, count: unknown, limit: number) => `${operation} was given ${String(count)} as its number of partitions; it must be an integer from 1 to ${limit}`,
    hint: 'give a number of partitions in that range, or leave it out',
    docs: 'The number of partitions (slices) of an RDD or shuffle is a positive integer.',
  },
  RIV_PARTITION_LIMIT: {
    message: (op: string, place: string, count: number, limit: number) => `${op}${at(place)} has ${count} partitions; the limit is ${limit}`,
    hint: 'coalesce the RDDs that it is made of first',
    docs: 'Each partition is a task, and the driver keeps an entry for each. A union has the partitions of all its parents, a cartesian product those of one for each of the other: far too many, unless they are coalesced first.',
  },
  RIV_RANGE: {
    message: (start: unknown, end: unknown, step: unknown) => `range(${String(start)}, ${String(end)}, ${String(step)}): start, end and step must be finite numbers, and step not 0`,
    hint: 'give finite numbers and a step other than 0',
    docs: '`range(start, end, step)` counts from start to before end; a step of 0 would never arrive.',
  },
  RIV_FRACTION: {
    message: (operation: string, fraction: unknown, most: number) => `${operation} was given ${String(fraction)}; it must be a number from 0${most === Infinity ? ' on' : ` to ${most}`}`,
    hint: 'give a fraction or weight in that range',
    docs: 'The fraction of `sample` is a probability, or with replacement an expected number of copies; the weights of `randomSplit` are not negative.',
  },
  RIV_BUCKETS: {
    message: (problem: string) => `histogram: ${problem}`,
    hint: 'give a number of buckets, or two or more edges that increase',
    docs: '`histogram(n)` cuts the range of the numbers into n buckets of equal width, so there must be numbers and they must be finite; `histogram(edges)` takes increasing edges.',
  },
  RIV_COMPARE: {
    message: (operation: string, parameters: number) => `the function given to ${operation} takes ${parameters} parameter${parameters === 1 ? '' : 's'}; a comparison takes two`,
    hint: 'give (a, b) => number, or { by: x => key } to order by a key',
    docs: '`top`, `takeOrdered`, `min` and `max` take a comparison like that of `Array.sort`. PySpark takes a key function there; a function of one parameter would be a comparison that never sorts, so it is refused. `{ by: f }` gives a key.',
  },
  RIV_STORAGE_LEVEL: {
    message: (rdd: string, old: string, asked: string) => `${rdd} is persisted as ${old}; it cannot become ${asked}`,
    hint: 'await rdd.unpersist() first',
    docs: 'The storage level of an RDD cannot change while it is persisted, as in Spark.',
  },
  RIV_STORAGE_LEVEL_PARTS: {
    message: (problem: string) => `there is no such storage level: ${problem}`,
    hint: 'name one, such as StorageLevel.MEMORY_AND_DISK, or call StorageLevel(useDisk, useMemory, useOffHeap, deserialized, replication)',
    docs: 'A storage level was put together from parts that do not go together. The rules are Spark\'s: 1 to 39 copies, and off the heap only what is encoded.',
  },
  RIV_RELATIVE_SD: {
    message: (op: string, given: unknown) => `${op} was given ${String(given)} as its relative standard deviation; it must be from 0.00104 to 0.4`,
    hint: 'give a number such as 0.05; half the error takes four times the memory',
    docs: 'HyperLogLog sketches have 2^4 to 2^20 registers, which are accuracies of 0.26 down to 0.00104.',
  },
  RIV_CHECKPOINT_DIR: {
    message: (rdd: string) => `${rdd} cannot be checkpointed: no folder is set`,
    hint: 'call ctx.setCheckpointDir(dir) first, or use localCheckpoint()',
    docs: '`rdd.checkpoint()` writes files, so it needs a folder: `ctx.setCheckpointDir(dir)`. `localCheckpoint()` keeps the partitions in memory instead.',
  },
  RIV_ZIP_PARTITIONS: {
    message: (op: string, place: string, counts: string) => `${op}${at(place)}: the RDDs have ${counts} partitions; they must have equally many`,
    hint: 'give them equally many partitions, or number the records with zipWithIndex and join by the number',
    docs: '`zip` and `zipPartitions` put partition i of one RDD beside partition i of the other, so they need as many partitions. It is checked when an action is planned, because files and sorts are resolved then.',
  },
  RIV_BATCH_FORGOTTEN: {
    message: (action: string, place: string, rdd: string) => `${action}${at(place)}: the batch to which ${rdd} belongs is over and forgotten`,
    hint: 'await the action inside foreachRDD, or keep batches longer with ssc.remember(…)',
    docs: 'What a batch holds is dropped when it has completed. An action on one of its RDDs that begins later has nothing to run on.',
  },
  RIV_INPUT_FOLDER: {
    message: (operation: string, path: string) => `${operation}: ${path} is a folder inside the folder to read; folders are read one level deep`,
    hint: 'name the level to read with a glob, such as dir/*/*',
    docs: 'A folder given as input is read one level deep, as in Spark. Leaving an inner folder out silently would lose its records, so it is refused.',
  },
  RIV_CSV_OPTION: {
    message: (op: string, place: string, name: string, value: string, problem: string) => `${op}${at(place)} was given ${JSON.stringify(value)} as ${name}: ${problem}`,
    hint: 'the defaults are a comma, and double quotes that are doubled inside quotes',
    docs: 'The delimiter, quote, escape or comment of a CSV file is one with which rows could not be told from each other, or fields.',
  },
  RIV_ROW_GROUP_SIZE: {
    message: (place: string, size: unknown) => `saveAsParquetFile${at(place)} was given ${String(size)} as rowGroupSize`,
    hint: 'give a number of records, 1 or more',
    docs: 'A row group of a Parquet file holds a positive number of records. Large ones compress and scan better, and are held in memory while they are written and read.',
  },
})
