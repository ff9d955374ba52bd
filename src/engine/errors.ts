// Error codes of the engines.

import { defineErrors } from '../base/define-errors.ts'

const times = (attempts: number): string => (attempts === 1 ? '' : `; tried ${attempts} times`)

export const engineErrors = defineErrors({
  RIV_TASK: {
    message: (action: string, partition: number, cause: string, attempts: number) => `${action}: the task of partition ${partition} failed: ${cause}${times(attempts)}`,
    hint: 'see the cause',
    docs: 'A task failed outside a user function: reading a file, encoding a record, running out of block memory. The cause says what.',
  },
  RIV_WORKER_LOST: {
    message: (action: string, partition: number, detail: string, attempts: number) => `${action}: the worker thread that ran partition ${partition} died (${detail})${times(attempts)}`,
    hint: 'look for process.exit, native code or an uncaught error in your functions',
    docs: 'The worker thread that ran a task was lost: it exited (`process.exit` in a function), or an error outside the task (a timer, an event handler) was never caught. The worker is replaced and the task is tried again, four times in all.',
  },
  RIV_TASK_MEMORY: {
    message: (action: string, partition: number, detail: string, attempts: number) => `${action}: the task of partition ${partition} ran out of memory (${detail})${times(attempts)}`,
    hint: 'use more partitions, or raise memory.worker; a list of all values of one key (groupByKey, cogroup) must fit: reduceByKey, join and sortByKey need none',
    docs: 'What a task aggregates, groups, sorts or joins goes to files when it is more than `memory.shuffle`, but what belongs to one key in `groupByKey`, `cogroup` and `aggregateByKey` is one value, whatever the number of partitions: where it is more than a third of the heap (`memory.worker`; with the inline master V8\'s limit) the task fails, and is not tried again. Where functions fill the heap of a worker thread over its limit, the worker is terminated and replaced, and the task is tried once more, alone. Growth over more than about 50 ms is survived so; one enormous allocation may end the whole process, and so may functions that fill the heap with the inline master.',
  },
  RIV_JOB_CANCELLED: {
    message: (action: string) => `${action} was cancelled`,
    hint: 'the cause is the reason that was given',
    docs: 'The job of an action was cancelled: by a job group, by an aborted signal, or because its batch was given up.',
  },
  RIV_ENGINE_CLOSED: {
    message: (action: string) => `${action} cannot run: the engine is closed`,
    hint: 'make a new Context',
    docs: 'The context was stopped while an action was about to begin.',
  },
  RIV_WORKER_ENTRY: {
    message: (path: string) => `the worker thread's program ${path} does not exist`,
    hint: "keep the package external in your bundler (esbuild: --packages=external or --external:rivulet)",
    docs: 'Worker threads load their program from the package\'s own folder. A bundler that inlines the package leaves that file behind.',
  },
  RIV_PARTITION_INDEX: {
    message: (action: string, place: string, partition: unknown, count: number) => `${action}${place === '' ? '' : ` at ${place}`} was asked for partition ${String(partition)}; the RDD has ${count}`,
    hint: 'name partitions from 0 up to getNumPartitions() - 1',
    docs: 'A job over some partitions of an RDD was asked for one that it does not have.',
  },
  RIV_RESULT_SIZE: {
    message: (action: string, place: string, bytes: number, limit: number) => `${action}${place === '' ? '' : ` at ${place}`}: the results are more than the program takes: ${bytes} bytes so far, spark.driver.maxResultSize is ${limit}`,
    hint: 'raise spark.driver.maxResultSize, take() some, iterate (for await), or save the records to files',
    docs: 'The results of a job\'s tasks are put together in the memory of the program. The limit keeps a `collect()` of too much from ending it: Spark\'s setting and default of 1 GiB.',
  },
  RIV_LINEAGE_DEPTH: {
    message: (op: string, place: string, limit: number) => `the lineage below ${op}${place === '' ? '' : ` at ${place}`} is too deep for one stage: more than ${limit} unions, zips, coalesced and cartesian RDDs inside one another`,
    hint: 'call checkpoint() or localCheckpoint() every so many rounds of the loop that builds it, and run an action',
    docs: 'A stage that joins RDDs inside RDDs inside RDDs (a loop that unions or zips its result with new data, keeping the partitioning) becomes functions that call each other as deep. Chains of `map`, `filter`, `reduceByKey` and the like have no limit. A checkpoint cuts the lineage.',
  },
})
