// What a driver of the crash matrix is told, and what its outputs must be: the reference model of its operations.

export const batchMs = 20
export const sources = ['replay', 'files', 'socket', 'receiver'] as const
export const operations = ['window', 'inverse', 'state', 'slow', 'mapped', 'join', 'two'] as const

/** Where state is held: the values of `state.store` that cases are run with. */
export const stores = ['memory', 'disk'] as const

export interface Plan {
  readonly folder: string
  readonly source: typeof sources[number]
  readonly operations: readonly (typeof operations[number])[]
  readonly master: string
  readonly durability: 'process' | 'power'
  readonly stateStore: typeof stores[number]
  /** Batches that the journal keeps beyond what is needed. */
  readonly keep: number
  readonly clock: 'manual' | 'system'
  /** How long a life is. */
  readonly batches: number
  /** How a life ends that nobody ends. */
  readonly graceful: boolean
  /** Of the server that feeds a socket. */
  readonly port: number
}

/** What an output gave for a batch. */
export interface Outcome { readonly name: string; readonly time: number; readonly rows: readonly unknown[] }

/** A number of the source as a pair. */
export const recordOf = (n: number): [string, number] => [`key ${n % 7}`, n + 1]

interface Batch { readonly time: number; readonly pairs: readonly [string, number][]; readonly others: readonly [string, number][] }
type Model = (batch: Batch, index: number, all: readonly Batch[]) => Readonly<Record<string, unknown[] | undefined>>

/** By operation, what its outputs are, from the batches up to now; undefined where none is due. */
const models: Readonly<Record<Plan['operations'][number], () => Model>> = {
  window: () => (_batch, i, all) => ({ window: [...sums(all.slice(Math.max(0, i - 2), i + 1))] }),
  inverse: () => (_batch, i, all) => ({ inverse: i % 2 === 1 ? [...sums(all.slice(Math.max(0, i - 3), i + 1))] : undefined }),
  state: () => (_batch, i, all) => ({ state: [...sums(all.slice(0, i + 1))] }),
  slow: () => {
    const state = new Map<string, number>()
    return (batch, i) => {
      if (i % 5 !== 4) return { slow: undefined }
      for (const [key, n] of batch.pairs) state.set(key, (state.get(key) ?? 0) + n)
      return { slow: [...state] }
    }
  },
  mapped: () => {
    const state = new Map<string, { n: number; at: number }>()
    return ({ time, pairs }) => {
      const mapped: unknown[] = []
      for (const [key, n] of pairs) {
        const next = (state.get(key)?.n ?? 0) + n
        state.set(key, { n: next, at: time })
        mapped.push([key, next])
      }
      for (const [key, { at }] of state) {
        if (at >= time - 3 * batchMs) continue
        state.delete(key)
        mapped.push([key, 'out'])
      }
      return { mapped, snapshots: [...state].map(([key, { n }]) => [key, n]) }
    }
  },
  join: () => ({ pairs, others }) => ({ others: undefined, join: pairs.flatMap(([key, n]) => others.filter(([other]) => other === key).map(([, m]) => [key, [n, m]])) }),
  two: () => {
    const totals = new Map<string, number>()
    return (_batch, i, all) => {
      const sum = sums(all.slice(0, i + 1))
      for (const [key, n] of sum) totals.set(key, (totals.get(key) ?? 0) + n)
      return { two: [...totals] }
    }
  },
}

function sums(batches: readonly Batch[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { pairs } of batches) for (const [key, n] of pairs) sums.set(key, (sums.get(key) ?? 0) + n)
  return sums
}

/** What the outputs must be for batches that begin with the first of all; records sorted as text. */
export function expectedOf(plan: Plan, raw: readonly Outcome[], others: ReadonlyMap<number, Outcome>): Map<string, unknown> {
  const batches = raw.map(({ time, rows }): Batch => ({ time, pairs: (rows as number[]).map(recordOf), others: ((others.get(time)?.rows ?? []) as number[]).map(recordOf) }))
  const expected = new Map<string, unknown>()
  for (const operation of plan.operations) {
    const model = models[operation]()
    for (const [i, batch] of batches.entries()) {
      for (const [name, rows] of Object.entries(model(batch, i, batches))) if (rows !== undefined) expected.set(`${name} ${batch.time}`, sorted(rows))
    }
  }
  return expected
}

export const sorted = (rows: readonly unknown[]): unknown[] => rows.map(row => JSON.stringify(row)).sort()
