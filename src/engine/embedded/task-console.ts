// The console of tasks: what user functions print goes to stderr, marked with worker and task. stdout belongs to `print`.

import { AsyncLocalStorage } from 'node:async_hooks'
import { Console } from 'node:console'
import { Writable } from 'node:stream'

/** A console that gives each text to `write` before its call returns. */
export function consoleTo(write: (text: string) => void): Console {
  const sink = new Writable({ write(chunk: Buffer, _encoding, done) { write(chunk.toString()); done() } })
  return new Console({ stdout: sink, stderr: sink })
}

const taskOf = new AsyncLocalStorage<number>()
const ofTasks = consoleTo(text => { process.stderr.write(`[inline, task ${taskOf.getStore()}] ${text}`) })

/** Runs a task in this thread: what it prints, also after it awaited, is marked; what the program prints meanwhile is not. */
export function withTaskConsole<R>(task: number, run: () => R): R {
  return taskOf.run(task, run)
}

/** Puts a console in place that tells tasks from the program; returns what puts the old one back. */
export function installTaskConsole(): () => void {
  const own = globalThis.console
  const telling = new Proxy(own, { get: (target, name) => Reflect.get(taskOf.getStore() === undefined ? target : ofTasks, name) as unknown })
  globalThis.console = telling
  return () => { if (globalThis.console === telling) globalThis.console = own }
}
