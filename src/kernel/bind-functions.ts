// The function table of a stage, made callable: user functions as given, library functions by their exported name.

import type { FnShape } from '../wire/shape.ts'
import { countedFunction } from './counted-function.ts'
import * as library from './functions.ts'

type Maker = (args: readonly unknown[], fns: readonly unknown[]) => unknown

/** `user` holds the functions of the `user` entries, in the order of the table. */
export function bindFunctions(table: readonly FnShape[], user: readonly unknown[]): unknown[] {
  let nextUser = 0
  const userOf = table.map((entry, index) => {
    if (entry.kind !== 'user') return undefined
    const fn = user[nextUser++]
    return entry.counts === true ? countedFunction(fn as (...args: unknown[]) => unknown, index) : fn
  })
  const bound: unknown[] = new Array(table.length)
  const bind = (index: number): unknown => {
    const entry = table[index]!
    if (entry.kind === 'user') return userOf[index]
    return (bound[index] ??= (library as unknown as Record<string, Maker>)[entry.name]!(entry.args, entry.fns.map(bind)))
  }
  return table.map((_, index) => bind(index))
}
