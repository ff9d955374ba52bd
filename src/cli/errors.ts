// Error codes of the command line.

import { defineErrors } from '../base/define-errors.ts'

export const cliErrors = defineErrors({
  RIV_CLI_NODE: {
    message: (found: string, needed: string) => `Rivulet needs Node ${needed} or newer and runs on ${found}`,
    hint: 'use a newer Node',
    docs: 'The Node that runs `rivulet` is older than the oldest one that the package supports (`engines` in its package.json).',
  },
  RIV_CLI_PROGRAM: {
    message: (path: string, problem: string) => `cannot run ${path}: ${problem}`,
    hint: 'give the path of a JavaScript or TypeScript file: rivulet run app.ts',
    docs: 'The program given to `rivulet run` is not there, or is a folder. Paths are taken from the working folder.',
  },
  RIV_CLI_TYPESCRIPT: {
    message: (path: string, version: string) => `this Node (${version}) does not run TypeScript, so it cannot run ${path}`,
    hint: 'drop --no-strip-types from NODE_OPTIONS, or compile the program and run the JavaScript',
    docs: '`rivulet run` leaves TypeScript to Node, which strips types unless it was told not to.',
  },
  RIV_CLI_CONF: {
    message: (text: string) => `--conf ${text} is no setting`,
    hint: 'write --conf key=value, for example --conf spark.default.parallelism=4',
    docs: 'Every `--conf` of `rivulet run` gives one setting as `key=value`; the keys are in docs/configuration.md. The program sees it as the variable `RIVULET_CONF_<key>`.',
  },
  RIV_SHELL_INTERRUPTED: {
    message: () => 'interrupted',
    hint: 'the shell goes on; a job that ran is cancelled',
    docs: 'Ctrl-C in `rivulet shell` while a statement ran. Its jobs are cancelled (`ctx.cancelAllJobs()`); a promise that is none of ours is left alone, the shell only stops waiting for it.',
  },
  RIV_SHELL_INCOMPLETE: {
    message: (text: string) => `the input ends in the middle of a statement: ${text}`,
    hint: 'close what was opened: a bracket, a brace, a template',
    docs: 'The input of a piped `rivulet shell`, or a file given to it, ended before its last statement was complete.',
  },
})
