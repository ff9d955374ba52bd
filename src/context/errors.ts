// Error codes of the context: masters, and use after its end.

import { defineErrors } from '../base/define-errors.ts'

const at = (place: string): string => (place === '' ? '' : ` at ${place}`)

export const contextErrors = defineErrors({
  RIV_MASTER: {
    message: (master: string) => `the master ${JSON.stringify(master)} is not known`,
    hint: "use 'inline', 'local', 'local[N]' with N threads, or 'local[*]'",
    docs: 'The master says where tasks run: `inline` in the program\'s own thread (breakpoints work), `local` in one worker thread, `local[N]` in N, `local[*]` in one per core. It comes from the code, else from `RIVULET_MASTER`, else it is `local[*]`.',
  },
  RIV_ENGINE_MISSING: {
    message: (master: string) => `the master ${JSON.stringify(master)} means Apache Spark, and this version has no engine for it`,
    hint: "use 'inline', 'local', 'local[N]' or 'local[*]'",
    docs: 'Masters `spark://…`, `yarn`, `k8s://…`, `local-cluster[…]` and `engine: \'spark\'` run a program on a Spark cluster. This version has the embedded engine only.',
  },
  RIV_CONTEXT_STOPPED: {
    message: (operation: string, place: string, when: 'before' | 'while running') => when === 'before'
      ? `${operation}${at(place)} was called, but the context has been stopped`
      : `the context was stopped while ${operation}${at(place)} was still running; was an await forgotten?`,
    hint: 'await every action before stop(); afterwards make a new Context',
    docs: '`ctx.stop()` (or the end of an `await using` block) rejects the actions that are running: mostly an action\'s promise was not awaited, so that the program went on to `stop()`. Afterwards the context takes no more operations, and RDDs made by it run no more actions.',
  },
  RIV_JOB_TAG: {
    message: (tag: unknown) => `${JSON.stringify(tag) ?? String(tag)} is no tag of a job: a tag is a string, not empty and without commas`,
    hint: 'give a word',
    docs: 'Tags mark the jobs that are begun in a scope, so that `cancelJobsWithTag` and the status tracker find them. The rule is Spark\'s.',
  },
  RIV_LOG_LEVEL: {
    message: (level: unknown, levels: readonly string[]) => `${JSON.stringify(level) ?? String(level)} is no log level: there are ${levels.join(', ')}`,
    hint: 'give one of them, in capitals or not',
    docs: '`setLogLevel` takes the names of Spark\'s levels.',
  },
  RIV_CONTEXT_IN_TASK: {
    message: () => 'a Context cannot be made in a task',
    hint: 'make it in the program, and keep the program\'s own module out of what tasks import: move shared functions to a module of their own',
    docs: 'Tasks run functions, not programs. A function that makes a Context, or an import of the program\'s main module from a task (which runs the program again there), is refused.',
  },
  RIV_BINARY_RECORD_LENGTH: {
    message: (place: string, length: unknown) => `binaryRecords${at(place)} was given ${String(length)} as the length of a record`,
    hint: 'give the number of bytes of a record, 1 or more',
    docs: '`binaryRecords` cuts files into records of a fixed number of bytes: a positive integer.',
  },
})
