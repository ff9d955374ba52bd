// Data for the examples, made as they start: the same on every run.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A generator of numbers in [0, 1): mulberry32. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface MadeFile { readonly folder: string; readonly path: string }

function write(name: string, lines: readonly string[]): MadeFile {
  const folder = mkdtempSync(join(tmpdir(), 'rivulet-example-'))
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return { folder, path }
}

/** A log; about every twentieth line is an error. */
export function writeLog(lines: number): MadeFile {
  const random = numbers(1)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const services = ['web', 'billing', 'search', 'mail']
  const errors = ['MySQL: connection timeout after {} ms', 'HDFS: block {} is missing', 'disk {} is full', 'upstream timeout after {} ms', 'HDFS: write timeout on node {}']
  return write('app.log', Array.from({ length: lines }, (_, i) => {
    const time = new Date(1_767_225_600_000 + i * 40).toISOString()
    return random() < 0.05 ? `${time} ERROR ${pick(services)}: ${pick(errors).replace('{}', `${Math.floor(random() * 1_000)}`)}` : `${time} ${pick(['INFO', 'WARN'])} ${pick(services)}: request ${i} took ${Math.floor(random() * 300)} ms`
  }))
}

/** Points `label x x x …` on two sides of a plane, with some on the wrong side. */
export function writePoints(points: number, dimensions: number): MadeFile {
  const random = numbers(2)
  return write('points.txt', Array.from({ length: points }, () => {
    const label = random() < 0.5 ? 1 : -1
    return [label, ...Array.from({ length: dimensions }, (_, i) => (random() * 4 - 2 + label * (i % 3 === 0 ? 0.9 : 0.3)).toFixed(6))].join(' ')
  }))
}

/** Links between pages; low numbers are linked to most. */
export function randomLinks(pages: number): [from: string, to: string][] {
  const random = numbers(3)
  return Array.from({ length: pages }, (_, page) => Array.from({ length: 1 + Math.floor(random() * 8) }, (): [string, string] => [`page${page}`, `page${Math.floor(pages * random() ** 3)}`])).flat()
}

/** Points of the plane around centres on a circle. */
export function clusteredPoints(points: number, clusters: number, seed: number): number[][] {
  const random = numbers(seed)
  const spread = (): number => (random() + random() + random() + random() - 2) * 1.5
  return Array.from({ length: points }, (_, i) => {
    const angle = 2 * Math.PI * (i % clusters) / clusters
    return [10 * Math.cos(angle) + spread(), 10 * Math.sin(angle) + spread()]
  })
}

export interface Customer { readonly id: number; readonly country: string }
export interface Order { readonly customer: number; readonly amount: number }

/** Every seventh customer has no order; one order in fifty is of nobody. */
export function customersAndOrders(customers: number, orders: number): { readonly customers: Customer[]; readonly orders: Order[] } {
  const random = numbers(4)
  const countries = ['at', 'ch', 'de', 'fr', 'it']
  const someone = (): number => { const id = Math.floor(random() * customers); return id % 7 === 0 ? id + 1 : id }
  return {
    customers: Array.from({ length: customers }, (_, id) => ({ id, country: countries[id % countries.length]! })),
    orders: Array.from({ length: orders }, (_, i) => ({ customer: i % 50 === 0 ? -1 - i : Math.min(customers - 1, someone()), amount: 1 + Math.floor(random() * 100) })),
  }
}

export interface Tweet { readonly user: string; readonly text: string }

/** Tweets; what people talk about changes as time goes by, and each user has moods. */
export function makeTweets(count: number, users = 50): Tweet[] {
  const random = numbers(5)
  const tags = ['#tea', '#rain', '#trains', '#football', '#cats', '#news', '#music', '#snow']
  const words = ['good', 'great', 'happy', 'bad', 'awful', 'sad']
  return Array.from({ length: count }, (_, i) => {
    const user = Math.floor(random() * users)
    const topic = Math.floor(i / count * tags.length + tags.length * random() ** 4) % tags.length
    const mood = Math.floor(random() * 3) + (random() < user / users ? 3 : 0)
    return { user: `user${user}`, text: `a ${words[mood]} day ${tags[topic]}${random() < 0.2 ? ` ${tags[Math.floor(random() * tags.length)]}` : ''}` }
  })
}

/** Lines of a web server's log; of the pages the first ones are asked for most. */
export function pageViews(count: number, pages: number): string[] {
  const random = numbers(6)
  return Array.from({ length: count }, () => `10.0.0.${Math.floor(random() * 255)} GET /page${Math.floor(pages * random() ** 3)} ${random() < 0.02 ? 404 : 200}`)
}

/** An array cut into so many pieces, for the batches of a stream. */
export function inBatches<T>(records: readonly T[], batches: number): T[][] {
  return Array.from({ length: batches }, (_, i) => records.slice(Math.floor(i * records.length / batches), Math.floor((i + 1) * records.length / batches)))
}
