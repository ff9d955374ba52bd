// Error codes of the control of running programs.

import { defineErrors } from '../base/define-errors.ts'

export const controlErrors = defineErrors({
  RIV_CONTROL_NAME: {
    message: (app: string, pid: number | undefined) => `a program named ${app} is streaming already, in process ${pid ?? '(unknown, it does not answer)'}`,
    hint: 'stop it with `rivulet stop`, or give this one another appName',
    docs: 'Under `rivulet run` and `rivulet supervise` a program that streams can be found by its appName, which must therefore be its own for the user and the machine. Programs that give no appName are named for their file. `--conf control.socket=false` does without.',
  },
  RIV_CONTROL_FOLDER: {
    message: (folder: string, problem: string) => `the folder of control sockets, ${folder}, ${problem}`,
    hint: 'remove it, set XDG_RUNTIME_DIR to a folder of your own, or switch control.socket off',
    docs: 'Running programs are controlled through sockets in `$XDG_RUNTIME_DIR/rivulet`, or `rivulet-<uid>` in the folder for temporary files. The folder must belong to the user and be closed to everybody else: who can write to it can stop programs.',
  },
  RIV_CONTROL_APP: {
    message: (app: string, others: string) => `no program named ${app} is streaming here (${others})`,
    hint: '`rivulet list` shows what runs; a program is found when `rivulet run` or `rivulet supervise` started it, or the setting control.socket is on',
    docs: 'The commands `status`, `stop` and `savepoint` speak to a running program of the same user on the same machine, found by its appName.',
  },
  RIV_CONTROL_COMMAND: {
    message: (text: string) => `no control command: ${text}`,
    hint: 'send one line of JSON with cmd status, stop, drain or savepoint',
    docs: 'A running program got something on its control socket that it does not understand, for example from another version of `rivulet`.',
  },
  RIV_CONTROL_SAVEPOINT: {
    message: (app: string) => `the program ${app} cannot write savepoints`,
    hint: 'stop it with --drain and start it again from its checkpoint',
    docs: '`rivulet savepoint` asks the running program for a self-contained copy of its state. This program registered nothing that writes one.',
  },
  RIV_CONTROL_ANSWER: {
    message: (app: string, code: string, message: string) => `${app} answered ${message} [${code}]`,
    hint: 'see the code that the program gave',
    docs: 'The running program could not carry out what `rivulet` asked for. The message holds the error of the program, with its own code.',
  },
  RIV_CONTROL_SILENT: {
    message: (app: string, pid: number | undefined) => `${app}${pid === undefined ? '' : ` (process ${pid})`} does not answer`,
    hint: 'its main thread is busy, or the process is stopped: look at what it does, or end it with kill; what is in its checkpoint is not lost',
    docs: 'A running program took the connection and said nothing for two seconds. Programs answer from their main thread, which a function that never returns can hold: with the master `inline` also one of a task. `rivulet stop` waits until there is an answer; Ctrl-C ends the waiting, and the program stops when it comes to it.',
  },
  RIV_CONTROL_LOST: {
    message: (app: string) => `${app} closed the connection without an answer`,
    hint: 'it may have ended, or been killed: see `rivulet list` and its own output',
    docs: 'The connection to a running program ended before the program had answered.',
  },
})
