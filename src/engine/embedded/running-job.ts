// A job from its submission to its end: what its action is given, what it adds to accumulators, when it is over.
//
// - A result is decoded once, when it is there. One with instances of a class that this thread lacks waits for the class, and the job for it.
// - What the action refuses, or cannot be decoded, fails the job.

import { UnknownClass } from '../../kernel/errors.ts'
import type { Job } from '../../rdd/job-runner.ts'
import { loadClass, type ClassRef } from '../../wire/closure/classes.ts'
import type { KeepOutput } from '../../wire/shape.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { engineErrors } from '../errors.ts'
import type { JobProperties } from '../events/context-listener.ts'
import type { BlockGroup } from './block-group.ts'
import type { Captures } from './capture-plan.ts'
import type { Counted } from './first-counts.ts'

/** What a task gave, as long as the scheduler has it. */
export interface HeldOutput {
  readonly count: number
  readonly blocks: readonly BlockRef[]
  /** What the function of a `keep` sink gave. */
  readonly kept?: KeepOutput
  /** The output of a map task. */
  readonly shuffle?: BlockGroup
}

export interface RunningJobOptions {
  readonly id: number
  readonly job: Job
  readonly captures: Captures
  readonly properties: JobProperties
  /** Most bytes of results; 0 is no limit. */
  readonly maxResultBytes: number
  readonly decode: (blocks: readonly BlockRef[]) => unknown[]
  /** Gives up a result that has been read. */
  readonly release: (output: HeldOutput) => void
  /** The job's signal was aborted. */
  readonly onAbort: () => void
}

export class RunningJob {
  readonly id: number
  readonly job: Job
  readonly captures: Captures
  readonly properties: JobProperties
  /** What has been counted: by function the uses, nodes and partitions. */
  readonly counted: Counted = new Map()
  readonly #options: RunningJobOptions
  readonly #over = Promise.withResolvers<void>()
  /** What the job waits for beside its tasks. */
  readonly #late: Promise<void>[] = []
  #resultBytes = 0
  #failure: Error | undefined

  constructor(options: RunningJobOptions) {
    const { id, job, captures, properties, onAbort } = options
    this.id = id
    this.job = job
    this.captures = captures
    this.properties = properties
    this.#options = options
    job.signal?.addEventListener('abort', onAbort, { once: true })
  }

  /** Settles when the job is over. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** The first error of a result. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The job ends when this has settled, and fails with it. */
  waitFor(late: Promise<void>): void {
    late.catch(() => {}) // read at the end
    this.#late.push(late)
  }

  /** Gives a partition's result to the action; what it gives back is an error. */
  take(partition: number, output: HeldOutput): Error | undefined {
    try {
      this.#checkSize(output)
      this.#give(partition, output)
    } catch (error) {
      if (error instanceof UnknownClass) {
        this.waitFor(this.#takeLate(partition, output, error))
        return undefined
      }
      this.#failure ??= error as Error // the job may be done by now
      this.#options.release(output)
      return error as Error
    }
    this.#options.release(output)
    return undefined
  }

  /** All tasks have ended, or the job has failed. */
  end(error = this.#failure): void {
    const { job, onAbort } = this.#options
    job.signal?.removeEventListener('abort', onAbort)
    const { resolve, reject } = this.#over
    if (error !== undefined) reject(error)
    else if (this.#late.length === 0) resolve()
    else Promise.all(this.#late).then(() => resolve(), reject)
  }

  #checkSize({ blocks }: HeldOutput): void {
    for (const { bytes } of blocks) this.#resultBytes += bytes
    const { job: { action, site }, maxResultBytes } = this.#options
    if (maxResultBytes > 0 && this.#resultBytes > maxResultBytes) throw engineErrors.RIV_RESULT_SIZE(action, site.place, this.#resultBytes, maxResultBytes)
  }

  #give(partition: number, { blocks, count, kept }: HeldOutput): void {
    this.job.onResult(partition, { records: blocks.length === 0 ? [] : this.#options.decode(blocks), count, ...(kept && { kept }) })
  }

  async #takeLate(partition: number, output: HeldOutput, missing: UnknownClass): Promise<void> {
    await loadClass(missing.ref as ClassRef)
    await withClasses(() => this.#give(partition, output))
    this.#options.release(output)
  }
}

/** What `decode` gives; classes that this thread lacks are loaded, and it is tried again. */
export async function withClasses<R>(decode: () => R): Promise<R> {
  for (;;) {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof UnknownClass)) throw error
      await loadClass(error.ref as ClassRef)
    }
  }
}
