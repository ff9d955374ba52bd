// The program of a worker thread: takes tasks one at a time, runs them through the kernel, reports their end.
//
// - It knows stages, environments, codes and slabs that messages installed, and nothing of plans or schedulers.
// - A task that needs nothing to be awaited runs to its end inside the message handler.
// - What user functions print is sent to the driver like everything else, so it is there before the task's end is.

import { parentPort, workerData } from 'node:worker_threads'
import { present } from '../../base/assert.ts'
import { bindFunctions } from '../../kernel/bind-functions.ts'
import { compileStage } from '../../kernel/compile.ts'
import type { Bind, RunTask } from '../../kernel/compile.ts'
import type { TaskOutput } from '../../kernel/compile-runtime.ts'
import { classTable } from '../../kernel/class-table.ts'
import { DecodedCache } from '../../kernel/decoded-cache.ts'
import { UnknownClass } from '../../kernel/errors.ts'
import { failureData } from '../../kernel/failure-data.ts'
import { forgetTables } from '../../kernel/state/live-tables.ts'
import { runCounting } from '../../kernel/run-counting.ts'
import { SlabTaskIO } from '../../kernel/slab-task-io.ts'
import { decodeBlock } from '../../wire/block/decode.ts'
import { loadClass, onUnknownClass } from '../../wire/closure/classes.ts'
import type { ClassRef } from '../../wire/closure/classes.ts'
import { installCode, rebuildFunction } from '../../wire/closure/rebuild.ts'
import { prepareWorker } from '../../wire/closure/worker-setup.ts'
import type { FromWorker, Install, TaskEnd, ToWorker } from '../../wire/messages.ts'
import { errorFromData, errorToData } from '../../wire/remote-error.ts'
import type { StageShape } from '../../wire/shape.ts'
import { forgetBroadcast, installBroadcast } from '../../wire/shared/broadcast.ts'
import { SlabView } from '../../wire/slab/slab-view.ts'
import { newMetrics } from '../../wire/task-metrics.ts'
import { consoleTo } from './task-console.ts'
import type { WorkerData } from './worker-pool.ts'

type TaskMessage = Extract<ToWorker, { type: 'task' }>

const { name, control, execArgv, memory, decodedBytes } = workerData as WorkerData
const cancelFlag = new Int32Array(control)
const port = present(parentPort, 'the port of a worker thread')
Reflect.set(globalThis, Symbol.for('rivulet.worker'), true)

const shapes = new Map<number, { readonly shape: StageShape; bind?: Bind }>()
const environments = new Map<number, { readonly functions: readonly Uint8Array[]; rebuilt?: readonly unknown[] }>()
const bound = new Map<string, RunTask>()
const slabs = new Map<number, SlabView>()
const decoded = new DecodedCache(decodedBytes)
let current: { readonly id: number; readonly io: SlabTaskIO } | undefined

globalThis.console = consoleTo(text => {
  port.postMessage({ type: 'print', text: `[${name}${current === undefined ? '' : `, task ${current.id}`}] ${text}` } satisfies FromWorker)
})

port.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') {
    if (current?.id === message.id) current.io.cancel()
    return
  }
  if (message.type === 'forgetState') {
    forgetTables(message.prefix)
    return
  }
  if (message.type === 'forgetDecoded') {
    for (const id of message.ids) decoded.delete(id)
    return
  }
  if (message.type !== 'task') {
    const answer = classAnswers.get(message.uid)
    classAnswers.delete(message.uid)
    if (message.type === 'class') answer?.resolve(message)
    else answer?.reject(errorFromData(message.error))
    return
  }
  void run(message)
})

/** Classes of the driver that were asked for: instances came here before any function that names their class. */
const classAnswers = new Map<string, PromiseWithResolvers<Extract<ToWorker, { type: 'class' }>>>()

onUnknownClass(uid => {
  const answer = classAnswers.get(uid) ?? Promise.withResolvers()
  classAnswers.set(uid, answer)
  port.postMessage({ type: 'needsClass', uid } satisfies FromWorker)
  return answer.promise
})

function run(message: TaskMessage): void | Promise<void> {
  let io: SlabTaskIO | undefined
  const done = (output: TaskOutput): void => report(io!, { type: 'done', ...end(message.id, io!), ...output })
  const failed = (error: unknown): void | Promise<void> => {
    if (error instanceof UnknownClass) { // nothing was given out yet: load it and begin again
      io?.finish()
      const { install: _, ...again } = message
      return loadClass(error.ref as ClassRef).then(() => run(again), failed)
    }
    const { data, cause } = failureData(error)
    report(io, { type: 'failed', ...end(message.id, io), failure: data, error: errorToData(cause) })
  }
  try {
    if (message.install !== undefined) install(message.install)
    io = new SlabTaskIO({
      partition: message.partition,
      view: id => present(slabs.get(id), 'an installed slab'),
      leases: message.leases,
      shuffleFile: message.shuffleFile,
      memory,
      isCancelled: () => Atomics.load(cancelFlag, 0) === message.id,
      decoded,
    })
    current = { id: message.id, io }
    const runTask = stageOf(message)
    if (!(runTask instanceof Promise)) {
      const result = runCounting(runTask, message.slots, io, message.watched)
      if (!(result instanceof Promise)) return done(result)
      return result.then(done).catch(failed)
    }
    const ownIO = io
    return runTask.then(run => runCounting(run, message.slots, ownIO, message.watched)).then(done).catch(failed)
  } catch (error) {
    return failed(error)
  }
}

function report(io: SlabTaskIO | undefined, message: FromWorker): void {
  current = undefined
  port.postMessage(message)
}

function end(id: number, io: SlabTaskIO | undefined): TaskEnd {
  const { outputOffset, keptOffset, newSlabs } = io?.finish() ?? { outputOffset: 0, keptOffset: undefined, newSlabs: [] }
  return { id, outputOffset, ...(keptOffset !== undefined && { keptOffset }), newSlabs, metrics: io?.metrics ?? newMetrics() }
}

function install({ codes, stage, environment, slabs: newSlabs, broadcasts, forget }: Install): void {
  installCode(codes)
  if (stage !== undefined) shapes.set(stage.id, { shape: stage.shape })
  if (environment !== undefined) environments.set(environment.id, { functions: environment.functions })
  for (const [id, memory] of newSlabs) slabs.set(id, new SlabView(id, memory))
  for (const id of forget?.broadcast ?? []) forgetBroadcast(id)
  for (const [id, ref] of broadcasts) installBroadcast(id, () => decodeBlock(present(slabs.get(ref.slab), 'an installed slab').read(ref), { classes: classTable })[0])
  if (forget === undefined) return
  for (const id of forget.slab) slabs.delete(id)
  for (const id of forget.stage) shapes.delete(id)
  for (const id of forget.environment) environments.delete(id)
  if (forget.stage.length + forget.environment.length > 0) bound.clear()
}

/** The stage bound to its environment; a promise when a function needs a module to be loaded. */
function stageOf({ stage, environment }: TaskMessage): RunTask | Promise<RunTask> {
  const key = `${stage} ${environment}`
  const known = bound.get(key)
  if (known !== undefined) return known
  const entry = present(shapes.get(stage), 'an installed stage')
  const captured = present(environments.get(environment), 'an installed environment')
  const finish = (functions: readonly unknown[]): RunTask => {
    captured.rebuilt = functions
    entry.bind ??= compileStage(entry.shape)
    const run = entry.bind(bindFunctions(entry.shape.fns, functions))
    bound.set(key, run)
    return run
  }
  if (captured.rebuilt !== undefined) return finish(captured.rebuilt)
  const functions = captured.functions.map(bytes => rebuildFunction(bytes))
  return functions.some(fn => fn instanceof Promise) ? Promise.all(functions).then(finish) : finish(functions) // oxlint-disable-line typescript/await-thenable -- some are promises
}

void prepareWorker(execArgv).then(() => port.postMessage({ type: 'ready' } satisfies FromWorker))
