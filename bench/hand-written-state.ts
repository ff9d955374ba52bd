// Streams that remember, as a Node programmer would write them by hand: Maps that live on; on two cores two worker threads, each with the keys
// of its hash.
//
// Inside a worker this file is the worker's program.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import type { Range } from './beside.ts'
import { keyOf } from './data.ts'
import { Asked, hash } from './threads.ts'

/** Words of the last batches; their ten most frequent ones; counts by key, for keys with records or for all. */
export type StateWork = 'window' | 'top' | 'map' | 'update'

export interface HandWrittenState {
  /** Runs one batch, and gives a figure to check. */
  batch(ranges: readonly Range[]): number | Promise<number>
  close(): Promise<void>
}

export function handWrittenState(work: StateWork, text: Buffer, cores: number, panes: number): HandWrittenState {
  if (cores > 1) return new Pair(work, text, cores, panes)
  const share = new Share(work, panes)
  return {
    batch: ranges => share.take(gather(work, ranges.map(([from, to]) => text.toString('latin1', from, to)))).figure,
    async close() {},
  }
}

type Gathered = Map<string, number> | string[]
interface Taken { readonly figure: number; readonly top?: readonly number[] }

/** What a batch brings: counts by word, or keys. */
function gather(work: StateWork, chunks: readonly string[]): Gathered {
  const counts = new Map<string, number>()
  const keys: string[] = []
  for (const chunk of chunks) {
    for (const line of chunk.split('\n')) {
      if (line === '') continue
      if (work === 'map' || work === 'update') keys.push(keyOf(line))
      else for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return work === 'map' || work === 'update' ? keys : counts
}

/** The state of one core. */
class Share {
  readonly #work: StateWork
  readonly #most: number
  readonly #panes: Map<string, number>[] = []
  readonly #state = new Map<string, number>()

  constructor(work: StateWork, panes: number) {
    this.#work = work
    this.#most = panes
  }

  take(gathered: Gathered): Taken {
    return gathered instanceof Map ? this.#slide(gathered) : this.#work === 'map' ? this.#count(gathered) : this.#update(gathered)
  }

  #slide(pane: Map<string, number>): Taken {
    const state = this.#state
    this.#panes.push(pane)
    for (const [word, n] of pane) state.set(word, (state.get(word) ?? 0) + n)
    if (this.#panes.length > this.#most) {
      for (const [word, n] of this.#panes.shift()!) {
        const left = state.get(word)! - n
        if (left > 0) state.set(word, left)
        else state.delete(word)
      }
    }
    if (this.#work === 'window') return { figure: state.size }
    const top = [...state.values()].sort((a, b) => b - a).slice(0, 10)
    return { figure: top.reduce((sum, n) => sum + n, 0), top }
  }

  #count(keys: readonly string[]): Taken {
    const emitted: [string, number][] = []
    for (const key of keys) {
      const n = (this.#state.get(key) ?? 0) + 1
      this.#state.set(key, n)
      emitted.push([key, n])
    }
    return { figure: emitted.length }
  }

  #update(keys: readonly string[]): Taken {
    const f = (ones: readonly number[], n: number | undefined): number => (n ?? 0) + ones.length
    const values = new Map<string, number[]>()
    for (const key of keys) {
      const ones = values.get(key)
      if (ones === undefined) values.set(key, [1])
      else ones.push(1)
    }
    for (const [key, n] of this.#state) this.#state.set(key, f(values.get(key) ?? [], n))
    for (const [key, ones] of values) if (!this.#state.has(key)) this.#state.set(key, f(ones, undefined))
    return { figure: this.#state.size }
  }
}

type Request = { readonly ranges: readonly Range[] } | { readonly parts: readonly string[] }
interface Reply extends Partial<Taken> { readonly id: number; readonly parts?: readonly string[] }
interface PairData { readonly stateWork: StateWork; readonly memory: SharedArrayBuffer; readonly workers: number; readonly panes: number }

/** Each worker gathers half of a batch; words or keys then go to the worker of their hash, joined as text. */
class Pair implements HandWrittenState {
  readonly #threads: Asked<Request, Reply>

  constructor(stateWork: StateWork, text: Buffer, workers: number, panes: number) {
    const data: PairData = { stateWork, memory: text.buffer as unknown as SharedArrayBuffer, workers, panes }
    this.#threads = new Asked(Array.from({ length: workers }, () => new Worker(new URL(import.meta.url), { workerData: data })))
  }

  async batch(ranges: readonly Range[]): Promise<number> {
    const n = this.#threads.workers.length
    const mapped = await this.#threads.all(w => ({ ranges: ranges.filter((_, i) => i % n === w) }))
    const reduced = await this.#threads.all(w => ({ parts: mapped.map(reply => reply.parts![w]!) }))
    if (reduced[0]!.top === undefined) return reduced.reduce((sum, reply) => sum + reply.figure!, 0)
    return reduced.flatMap(reply => reply.top!).sort((a, b) => b - a).slice(0, 10).reduce((sum, count) => sum + count, 0)
  }

  close(): Promise<void> {
    return this.#threads.close()
  }
}

/** Text for each worker: keys, or words with their counts. */
function spread(gathered: Gathered, workers: number): string[] {
  const parts: string[][] = Array.from({ length: workers }, () => [])
  if (gathered instanceof Map) for (const [word, n] of gathered) parts[hash(word) % workers]!.push(`${word} ${n}`)
  else for (const key of gathered) parts[hash(key) % workers]!.push(key)
  return parts.map(part => part.join('\n'))
}

function together(work: StateWork, parts: readonly string[]): Gathered {
  const lines = parts.flatMap(part => (part === '' ? [] : part.split('\n')))
  if (work === 'map' || work === 'update') return lines
  const counts = new Map<string, number>()
  for (const line of lines) {
    const space = line.indexOf(' ')
    const word = line.slice(0, space)
    counts.set(word, (counts.get(word) ?? 0) + Number(line.slice(space + 1)))
  }
  return counts
}

if (!isMainThread && parentPort !== null && (workerData as Partial<PairData> | null)?.stateWork !== undefined) {
  const port = parentPort
  const { stateWork, memory, workers, panes } = workerData as PairData
  const text = Buffer.from(memory)
  const share = new Share(stateWork, panes)
  port.on('message', (request: Request & { readonly id: number }) => {
    if ('parts' in request) port.postMessage({ id: request.id, ...share.take(together(stateWork, request.parts)) })
    else port.postMessage({ id: request.id, parts: spread(gather(stateWork, request.ranges.map(([from, to]) => text.toString('latin1', from, to))), workers) })
  })
}
