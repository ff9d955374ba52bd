// What the hand-written loops on several threads share: asking workers, and the worker of a key.

import type { Worker } from 'node:worker_threads'

/** Sends requests to workers; each reply carries its request's id. */
export class Asked<Request extends object, Reply extends { readonly id: number }> {
  readonly workers: readonly Worker[]
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #lastId = 0

  constructor(workers: readonly Worker[]) {
    this.workers = workers
    for (const worker of workers) worker.on('message', (reply: Reply) => { this.#waiting.get(reply.id)!(reply) })
  }

  /** One request to each worker. */
  all(requestOf: (worker: number) => Request): Promise<Reply[]> {
    return Promise.all(this.workers.map((worker, w) => this.#ask(worker, requestOf(w))))
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map(worker => worker.terminate()))
  }

  #ask(worker: Worker, request: Request): Promise<Reply> {
    const id = ++this.#lastId
    return new Promise(resolve => {
      this.#waiting.set(id, reply => { this.#waiting.delete(id); resolve(reply) })
      worker.postMessage({ id, ...request })
    })
  }
}

export function hash(word: string): number {
  let h = 0
  for (let i = 0; i < word.length; i++) h = (Math.imul(h, 31) + word.charCodeAt(i)) | 0
  return h >>> 0
}
