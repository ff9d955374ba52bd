// The loops a Node programmer would write by hand: strings and Maps; on two cores two worker threads that exchange keys by hash.
//
// Inside a worker this file is the worker's program: it gets ranges of shared text and gives counts back.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Asked, hash } from './threads.ts'

export type Workload = 'grep' | 'wordcount'

/** Runs one batch: ranges of the text. Gives a figure to check: hits, or distinct words. */
export interface HandWritten {
  batch(ranges: readonly (readonly [number, number])[]): number | Promise<number>
  close(): Promise<void>
}

export function handWritten(workload: Workload, text: Buffer, cores: number): HandWritten {
  return cores === 1 ? alone(workload, text) : new Pair(workload, text, cores)
}

function grep(chunk: string): number {
  let hits = 0
  for (const line of chunk.split('\n')) if (line.includes('needle')) hits++
  return hits
}

function count(chunk: string, counts: Map<string, number>): void {
  for (const line of chunk.split('\n')) {
    if (line === '') continue
    for (const word of line.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
}

function alone(workload: Workload, text: Buffer): HandWritten {
  return {
    batch(ranges) {
      if (workload === 'grep') return ranges.reduce((hits, [from, to]) => hits + grep(text.toString('latin1', from, to)), 0)
      const counts = new Map<string, number>()
      for (const [from, to] of ranges) count(text.toString('latin1', from, to), counts)
      return counts.size
    },
    async close() {},
  }
}

type Request = { readonly ranges: readonly (readonly [number, number])[] } | { readonly parts: readonly string[] }
type Reply = { readonly id: number; readonly figure: number; readonly parts?: readonly string[] }

/** Each worker counts half of a batch; words then go to the worker of their hash, joined as text. */
class Pair implements HandWritten {
  readonly #workload: Workload
  readonly #threads: Asked<Request, Reply>

  constructor(workload: Workload, text: Buffer, workers: number) {
    this.#workload = workload
    this.#threads = new Asked(Array.from({ length: workers }, () => new Worker(new URL(import.meta.url), { workerData: { workload, memory: text.buffer, workers } })))
  }

  async batch(ranges: readonly (readonly [number, number])[]): Promise<number> {
    const n = this.#threads.workers.length
    const mapped = await this.#threads.all(w => ({ ranges: ranges.filter((_, i) => i % n === w) }))
    if (this.#workload === 'grep') return mapped.reduce((sum, reply) => sum + reply.figure, 0)
    const reduced = await this.#threads.all(w => ({ parts: mapped.map(reply => reply.parts![w]!) }))
    return reduced.reduce((sum, reply) => sum + reply.figure, 0)
  }

  close(): Promise<void> {
    return this.#threads.close()
  }
}

if (!isMainThread && parentPort !== null && (workerData as { workload?: Workload }).workload !== undefined) {
  const port = parentPort
  const { workload, memory, workers } = workerData as { workload: Workload; memory: SharedArrayBuffer; workers: number }
  const text = Buffer.from(memory)
  port.on('message', (request: Request & { readonly id: number }) => {
    if ('parts' in request) {
      const totals = new Map<string, number>()
      for (const part of request.parts) {
        if (part === '') continue
        for (const entry of part.split('\n')) {
          const space = entry.indexOf(' ')
          const word = entry.slice(0, space)
          totals.set(word, (totals.get(word) ?? 0) + Number(entry.slice(space + 1)))
        }
      }
      port.postMessage({ id: request.id, figure: totals.size })
      return
    }
    if (workload === 'grep') {
      port.postMessage({ id: request.id, figure: request.ranges.reduce((hits, [from, to]) => hits + grep(text.toString('latin1', from, to)), 0) })
      return
    }
    const counts = new Map<string, number>()
    for (const [from, to] of request.ranges) count(text.toString('latin1', from, to), counts)
    const parts: string[][] = Array.from({ length: workers }, () => [])
    for (const [word, n] of counts) parts[hash(word) % workers]!.push(`${word} ${n}`)
    port.postMessage({ id: request.id, figure: 0, parts: parts.map(part => part.join('\n')) })
  })
}
