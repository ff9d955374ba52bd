// How many different values there are, about: HyperLogLog (Flajolet and others, 2007) over the hash of keys.
//
// - 2^p registers of one byte; the standard error is about 1.04 / sqrt(2^p). Sketches of parts join into that of the whole.
// - The hash has 32 bits: near 2^32 different values the estimate says nothing any more.

import { hashKey } from '../../wire/key/hash-key.ts'
import type { Args, Rows } from './kinds.ts'

type Registers = Uint8Array

/** The sketch of a partition. */
export const distinctSketch = ([p]: Args) => (rows: Rows): Registers => {
  const registers = new Uint8Array(2 ** (p as number))
  for (const value of rows) add(registers, p as number, value)
  return registers
}

/** The sketch of one value, of one more, of two sketches; and what it tells: for aggregation by key. */
export const sketchOf = ([p]: Args) => (value: unknown): Registers => add(new Uint8Array(2 ** (p as number)), p as number, value)
export const addToSketch = ([p]: Args) => (registers: Registers, value: unknown): Registers => add(registers, p as number, value)
export const joinSketches = () => joined
export const sketchCount = () => distinctCount

function add(registers: Registers, p: number, value: unknown): Registers {
  const hash = hashKey(value)
  const rank = Math.min(Math.clz32(hash << p), 32 - p) + 1
  const index = hash >>> (32 - p)
  if (registers[index]! < rank) registers[index] = rank
  return registers
}

function joined(a: Registers, b: Registers): Registers {
  for (let i = 0; i < a.length; i++) if (a[i]! < b[i]!) a[i] = b[i]!
  return a
}

/** The estimate of a sketch. */
export function distinctCount(registers: Registers): number {
  const m = registers.length
  let sum = 0
  let zeros = 0
  for (const rank of registers) {
    sum += 2 ** -rank
    if (rank === 0) zeros++
  }
  const alpha = m === 16 ? 0.673 : m === 32 ? 0.697 : m === 64 ? 0.709 : 0.7213 / (1 + 1.079 / m)
  const raw = alpha * m * m / sum
  if (raw <= 2.5 * m && zeros > 0) return Math.round(m * Math.log(m / zeros)) // few values: count the empty registers instead
  const space = 2 ** 32
  return Math.round(raw <= space / 30 ? raw : -space * Math.log(1 - Math.min(raw, space - 1) / space)) // many: hashes collide
}
