// Stages and environments by identity, so that a worker is told each of them once.
//
// - A stage is known by its shape and the code hashes of its functions; an environment by the hashes of what the functions captured.
// - Both are kept in the order of use; what falls out (too many, too many bytes) is forgotten by the workers too.

import type { FunctionCode } from '../../wire/closure/code.ts'
import type { CapturedFunction } from '../../wire/closure/capture.ts'
import { receivedAccumulator } from '../../wire/shared/accumulator.ts'
import type { FnShape, StageShape } from '../../wire/shape.ts'
import type { UserFunction } from '../../rdd/plan.ts'
import type { TaskDescription } from './describe-task.ts'

/** A stage as workers install it. */
export interface CatalogStage {
  readonly id: number
  readonly key: string
  readonly shape: StageShape
  readonly codes: readonly FunctionCode[]
}

/** The captured values of a stage's functions. */
export interface Environment {
  readonly id: number
  readonly key: string
  readonly functions: readonly Uint8Array[]
  readonly bytes: number
}

const maxStages = 1_024
const maxEnvironments = 1_024
const maxEnvironmentBytes = 64 << 20

export class StageCatalog {
  readonly #stages = new Map<string, CatalogStage>()
  readonly #environments = new Map<string, Environment>()
  #environmentBytes = 0
  #lastId = 0
  /** Told of every stage and environment that workers may forget. */
  readonly #onForget: (kind: 'stage' | 'environment', id: number) => void

  constructor(onForget: (kind: 'stage' | 'environment', id: number) => void) {
    this.#onForget = onForget
  }

  /** The stage and environment of a described task. */
  find(task: TaskDescription, captured: (fn: UserFunction) => CapturedFunction): { stage: CatalogStage; environment: Environment } {
    const captures: CapturedFunction[] = []
    const fns: FnShape[] = task.fns.map(fn => {
      if (fn.kind === 'builtin') return fn
      const capture = captured(fn)
      captures.push(capture)
      return { kind: 'user', code: capture.codeHash, ...(addsToAccumulators(capture) && { counts: true }) }
    })
    return { stage: this.#stage({ input: task.input, sink: task.sink, fns }, captures), environment: this.#environment(captures) }
  }

  get stageCount(): number {
    return this.#stages.size
  }

  #stage(shape: StageShape, captures: readonly CapturedFunction[]): CatalogStage {
    const key = JSON.stringify(shape)
    const known = touch(this.#stages, key)
    if (known !== undefined) return known
    const stage = { id: ++this.#lastId, key, shape, codes: captures.flatMap(capture => capture.codes) }
    this.#stages.set(key, stage)
    if (this.#stages.size > maxStages) this.#forgetOldest(this.#stages, 'stage')
    return stage
  }

  #environment(captures: readonly CapturedFunction[]): Environment {
    const key = captures.map(capture => capture.envHash).join()
    const known = touch(this.#environments, key)
    if (known !== undefined) return known
    const functions = captures.map(capture => capture.env)
    const environment = { id: ++this.#lastId, key, functions, bytes: functions.reduce((sum, bytes) => sum + bytes.length, 0) }
    this.#environments.set(key, environment)
    this.#environmentBytes += environment.bytes
    while (this.#environments.size > maxEnvironments || (this.#environmentBytes > maxEnvironmentBytes && this.#environments.size > 1)) {
      this.#environmentBytes -= this.#forgetOldest(this.#environments, 'environment').bytes
    }
    return environment
  }

  #forgetOldest<T extends { readonly id: number }>(entries: Map<string, T>, kind: 'stage' | 'environment'): T {
    const [key, entry] = entries.entries().next().value!
    entries.delete(key)
    this.#onForget(kind, entry.id)
    return entry
  }
}

/** Whether a function captures an accumulator. */
export const addsToAccumulators = (captured: CapturedFunction): boolean => captured.revivers.has(receivedAccumulator)

/** The entry of a key, moved to the end of the order of use. */
function touch<T>(entries: Map<string, T>, key: string): T | undefined {
  const entry = entries.get(key)
  if (entry === undefined) return undefined
  entries.delete(key)
  entries.set(key, entry)
  return entry
}
