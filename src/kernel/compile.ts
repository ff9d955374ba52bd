// Compiles the shape of a stage into one function that runs its tasks.
//
// - A chain of narrow steps becomes one loop: user functions are called directly, no iterator protocol and no allocation of ours stand between them.
// - Steps that take a whole partition break the chain: what is above becomes a generator that the user's function pulls from.
// - `at` and `rec` always name the function being called and its record; the loop's one catch turns a throw into a UserFailure.
// - A stage that awaits (files, replayable sources, mapAsync, async generators) is compiled as an async function; all others stay synchronous.
//   Whether mapPartitions gives an async iterable shows only when it is called: the task then starts again in the async form. Nothing has
//   run by then if it is an async generator; what another function did before it returned one is done twice, in a thread's first such task.

import type { Input, StageShape, Step } from '../wire/shape.ts'
import * as runtime from './compile-runtime.ts'
import type { TaskOutput } from './compile-runtime.ts'
import type { TaskIO } from './task-io.ts'

/** Runs one task: slots in, output out. */
export type RunTask = (slots: readonly unknown[], io: TaskIO) => TaskOutput | Promise<TaskOutput>
/** Binds a compiled stage to its functions, in the order of the shape's function table. */
export type Bind = (fns: readonly unknown[]) => RunTask

type Consume = (record: string) => string
type Form = 'sync' | 'async'

/** Most steps in one function: a longer one is not worth optimizing, and nests as deep as it has filters. */
const longestSegment = 100
/** Most generators that pull from each other. */
const deepestPull = 50

type WholeStep = Extract<Step, { op: 'mapPartitions' | 'mapAsync' | 'store' }>
const isWhole = (step: Step): step is WholeStep => step.op === 'mapPartitions' || step.op === 'mapAsync' || step.op === 'store'

/** Code that gives rows. */
interface Rows {
  /** Statements that come first, outside of generators. */
  readonly before: string
  /** A loop over them. */
  readonly loop: (consume: Consume) => string
  /** The variable of `before` from which the loop reads. */
  readonly held?: string
  /** Whether the loop awaits. */
  readonly awaits: boolean
  /** Generators that pull from each other in it. */
  readonly pulls: number
}

/** An expression that gives rows to a function. */
interface Pulled extends Pick<Rows, 'before' | 'held' | 'pulls'> {
  readonly rows: string
}

/** Compiles a stage; costs about a millisecond, so keep the result by the shape's hash. */
export function compileStage(shape: StageShape): Bind {
  const make = (form: Form): Bind => new Function('runtime', stageText(shape, form))(runtime) as Bind
  const awaits = isAsync(shape.input)
  const bindAsync = lazy(() => make('async'))
  const bindSync = awaits ? undefined : make('sync')
  return fns => {
    let run = bindSync === undefined ? bindAsync()(fns) : bindSync(fns)
    if (bindSync === undefined) return run
    return (slots, io) => {
      const again = (error: unknown): TaskOutput | Promise<TaskOutput> => {
        if (error !== runtime.needsAsync) throw error
        run = bindAsync()(fns)
        return run(slots, io)
      }
      try {
        const output = run(slots, io)
        return output instanceof Promise ? output.catch(again) : output
      } catch (error) {
        return again(error)
      }
    }
  }
}

/** The text of a stage's function. */
export const stageText = (shape: StageShape, form: Form): string => new StageWriter(shape, form).write()

function lazy<T>(make: () => T): () => T {
  let value: T | undefined
  return () => (value ??= make())
}

/** Whether reading the input has to await, whatever the functions return. */
function isAsync(input: Input): boolean {
  switch (input.from) {
    case 'fileLines': case 'read': return true
    case 'pipe': return input.steps.some(step => step.op === 'mapAsync') || isAsync(input.input)
    case 'concat': case 'zip': return input.inputs.some(isAsync)
    case 'cartesian': return isAsync(input.left) || isAsync(input.right)
    case 'blocks': case 'persisted': case 'lines': case 'range': case 'kept': case 'shuffle': return false
  }
}

/** Writes the text of one stage. */
class StageWriter {
  readonly #shape: StageShape
  readonly #form: Form
  readonly #generators: string[] = []
  #names = 0

  constructor(shape: StageShape, form: Form) {
    this.#shape = shape
    this.#form = form
  }

  write(): string {
    const fns = this.#shape.fns.map((_, i) => `const f${i} = fns[${i}]`).join('\n')
    const body = this.#sink()
    return `'use strict'
const { UserFailure, failed, Collected, refuseThenable, paired } = runtime
return fns => {
${fns}
return ${this.#form === 'async' ? 'async ' : ''}function stage(slots, io) {
let at = -1, rec
const stored = []
${this.#generators.join('')}try {
${body}
} catch (error) { throw failed(error, at, rec) }
}
}`
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  /** The sink around the body; each gives a TaskOutput. */
  #sink(): string {
    const { sink, input } = this.#shape
    const body = (consume: Consume): string => this.#body(input, consume)
    switch (sink.to) {
      case 'count':
        return `let count = 0\n${body(() => 'count++')}\nreturn { count, blocks: [], stored }`
      case 'drain':
        return `${body(() => '')}\nreturn { count: 0, blocks: [], stored }`
      case 'foreach':
        return `${body(x => `at = ${sink.fn}; rec = ${x}; const done = f${sink.fn}(${x}); if (probe) refuseThenable(done, ${sink.fn}, ${x}); at = -1`)}\nreturn { count: 0, blocks: [], stored }`
      case 'collect': {
        const limit = sink.limit
        if (limit === undefined) return `const out = new Collected(io)\n${body(x => `out.push(${x})`)}\nreturn { count: 0, blocks: out.finish(), stored }`
        return `const out = new Collected(io)\nlet left = ${limit}\nall: {\nif (left === 0) break all\n${body(x => `out.push(${x}); if (--left === 0) break all`)}\n}\nreturn { count: 0, blocks: out.finish(), stored }`
      }
      case 'reduce':
        return `let seen = 0, acc\n${body(x => `if (seen === 0) acc = ${x}\nelse { at = ${sink.fn}; rec = ${x}; acc = f${sink.fn}(acc, ${x}); at = -1; if ((seen & 1023) === 1) refuseThenable(acc, ${sink.fn}, ${x}) }\nseen++`)}
const out = new Collected(io)\nif (seen > 0) out.push(acc)\nreturn { count: 0, blocks: out.finish(), stored }`
      case 'partition': {
        const { before, rows } = this.#iterable(input)
        return `${before}at = ${sink.fn}; rec = undefined\nconst value = f${sink.fn}(${this.#form === 'sync' && mayAwait(input) ? `runtime.begun(${rows})` : rows}${this.#isUser(sink.fn) ? '' : ', io.partition, io'})\nat = -1\nreturn runtime.partitionOutput(value, ${sink.fn}, stored, io)`
      }
      case 'keep': {
        const { before, rows } = this.#iterable(input)
        return `${before}at = ${sink.fn}; rec = undefined\nconst kept = f${sink.fn}(${rows}, slots[${sink.slot}], io)\nat = -1\nreturn { count: 0, blocks: [], stored, kept }`
      }
      case 'shuffle': return this.#shuffleSink(sink, body)
    }
  }

  #shuffleSink(sink: Extract<StageShape['sink'], { to: 'shuffle' }>, body: (consume: Consume) => string): string {
    const { partitions, partitioning, aggregator } = sink
    if (partitioning.by === 'roundRobin') {
      return `const out = new runtime.DealtBuckets(io, ${partitions})\n${body(x => `out.add(${x})`)}\nreturn { count: 0, blocks: [], shuffle: out.finish(), stored }`
    }
    const partitionOf = partitioning.by === 'hash' ? `runtime.hashPartitionOf(${partitions})`
      : partitioning.by === 'range' ? `runtime.rangePartitionOf(slots[${partitioning.bounds}].flatMap(ref => io.records(ref)), ${partitioning.ascending})`
      : `runtime.customPartitionOf(f${partitioning.fn}, ${partitions})`
    const out = `const out = new runtime.PairBuckets(${partitions}, ${partitionOf}, (keys, values) => io.writePairs(keys, values, 0, keys.length))\n`
    if (aggregator === undefined) {
      return `${out}${body(x => `if (probe) paired(${x})\nout.add(${x}[0], ${x}[1])`)}\nreturn { count: 0, blocks: [], shuffle: out.finish(), stored }`
    }
    const map = this.#name('map')
    return `${out}${this.#newMap(map, 'new runtime.PouringMap(io.memory, out)')}${body(x => `if (probe) paired(${x})\nconst k = ${x}[0], v = ${x}[1]\n${this.#merge(map, 'k', 'v', aggregator.create, aggregator.merge)}`)}
${map}.finish()\nreturn { count: 0, blocks: [], shuffle: out.finish(), stored }`
  }

  #newMap(map: string, made: string): string {
    return `const ${map} = ${made}\nlet ${map}Created = false, ${map}Merged = false, ${map}Left = 1, ${map}Passing = 0\n`
  }

  /**
   * Adds value `v` to the combiner of key `k`. What each function gives first in a task is looked at: a Promise is refused. One record in many
   * tells the map what it takes. Combiners pass by it as they are while it says so.
   */
  #merge(map: string, k: string, v: string, create: number | undefined, merge: number): string {
    const first = create === undefined ? `const first = ${v}`
      : `at = ${create}; rec = ${v}; const first = f${create}(${v}); if (!${map}Created) { ${map}Created = true; refuseThenable(first, ${create}, ${v}) } at = -1`
    return `const due = ${map}Passing === 0 && --${map}Left === 0
const c = ${map}Passing > 0 ? -1 : ${map}.find(${k})
const before = due ? ${map}.measure(c) : 0
if (c === -1) { ${first}; if (${map}Passing > 0) { ${map}Passing--; ${map}.pass(${k}, first) } else ${map}.add(${k}, first) }
else { at = ${merge}; rec = ${v}; const merged = f${merge}(${map}.values[c], ${v}); ${map}.values[c] = merged; if (!${map}Merged) { ${map}Merged = true; refuseThenable(merged, ${merge}, ${v}) } at = -1 }
if (due) { ${map}Left = ${map}.sampled(${k}, before); ${map}Passing = ${map}.passing() }`
  }

  /** Code that gives every record of `input` to `consume`. */
  #body(input: Input, consume: Consume): string {
    switch (input.from) {
      case 'blocks': return this.#chunks(`for (const ref of slots[${input.slot}])`, '(io.metrics.bytesRead += ref.bytes, io.records(ref))', consume)
      case 'persisted': return this.#chunks(`for (const chunk of io.persisted(slots[${input.slot}]))`, 'chunk', consume)
      case 'lines': return this.#chunks(`for (const ref of slots[${input.slot}]) for (const chunk of (io.metrics.bytesRead += ref.bytes, io.lines(ref)))`, 'chunk', consume)
      case 'fileLines': return this.#chunks(`for await (const chunk of runtime.readLines(io, slots[${input.slot}]))`, 'chunk', consume)
      case 'read': {
        const chunks = `runtime.chunks(f${input.fn}(slots[${input.slot}], io.signal))`
        return `at = ${input.fn}; rec = undefined\n${this.#chunks(`for await (const chunk of ${chunks})`, 'chunk', this.#between(input.fn, consume))}\nat = -1`
      }
      case 'kept': return this.#rows(`f${input.fn}(slots[${input.slot}], io)`, false, consume)
      case 'range': {
        const [r, i, x] = [this.#name('range'), this.#name('i'), this.#name('x')]
        return `const ${r} = slots[${input.slot}]
io.metrics.recordsRead += ${r}.count
for (let ${i} = 0; ${i} < ${r}.count; ${i}++) {
const probe = (${i} & 1023) === 0
if (probe) io.tick()
const ${x} = ${r}.start + ${i} * ${r}.step
${consume(x)}
}`
      }
      case 'shuffle': return this.#shuffleInput(input, consume)
      case 'concat': {
        const awaits = this.#awaits(input)
        return this.#rows(`runtime.concat${awaits ? 'Async' : ''}([${input.inputs.map(part => this.#lazyRows(part)).join(', ')}])`, awaits, consume)
      }
      case 'zip': return this.#zip(input.inputs, input.fn, consume)
      case 'cartesian': return this.#cartesian(input.left, input.right, consume)
      case 'pipe': return this.#pipe(input.input, input.steps, consume)
    }
  }

  /** A loop over arrays of records; `input` says that they are what the task reads, and so counted. */
  #chunks(head: string, chunk: string, consume: Consume, input = true): string {
    const [a, i, x] = [this.#name('a'), this.#name('i'), this.#name('x')]
    return `${head} {
const ${a} = ${chunk}
${input ? `io.metrics.recordsRead += ${a}.length` : ''}
for (let ${i} = 0; ${i} < ${a}.length; ${i}++) {
const probe = (${i} & 1023) === 0
if (probe) io.tick()
const ${x} = ${a}[${i}]
${consume(x)}
}
}`
  }

  /** A loop over an iterable, or in the async form over chunks of what may be an async iterable. */
  #rows(rows: string, awaits: boolean, consume: Consume): string {
    if (awaits) return this.#chunks(`for await (const chunk of runtime.chunks(${rows}))`, 'chunk', consume, false)
    const [n, x] = [this.#name('n'), this.#name('x')]
    return `let ${n} = 0
for (const ${x} of ${rows}) {
const probe = (${n}++ & 1023) === 0
if (probe) io.tick()
${consume(x)}
}`
  }

  #zip(inputs: readonly Input[], fn: number, consume: Consume): string {
    const sides = inputs.map(input => this.#iterable(input))
    const before = sides.map(side => side.before).join('')
    const awaits = this.#form === 'async'
    const it = this.#name('it')
    const call = `const ${it} = runtime.iterableResult(f${fn}(${[...sides.map(side => side.rows), ...this.#isUser(fn) ? [] : ['io']].join(', ')}), ${awaits})`
    return `${before}at = ${fn}; rec = undefined\n${call}\n${this.#rows(it, awaits, this.#between(fn, consume))}\nat = -1`
  }

  #cartesian(left: Input, right: Input, consume: Consume): string {
    const [rights, i, pair] = [this.#name('rights'), this.#name('i'), this.#name('x')]
    return `const ${rights} = []
${this.#block(this.#body(right, y => `${rights}.push(${y})`))}
${this.#block(this.#body(left, x => `for (let ${i} = 0; ${i} < ${rights}.length; ${i}++) {
const probe = (${i} & 1023) === 0
if (probe) io.tick()
const ${pair} = [${x}, ${rights}[${i}]]
${consume(pair)}
}`))}`
  }

  #shuffleInput(input: Extract<Input, { from: 'shuffle' }>, consume: Consume): string {
    const { slot, aggregator, combined } = input
    if (aggregator === undefined) return this.#chunks(`for (const ref of slots[${slot}])`, '(io.metrics.shuffleReadBytes += ref.bytes, io.records(ref))', consume)
    const [map, p, i] = [this.#name('map'), this.#name('p'), this.#name('i')]
    const merge = combined ? this.#merge(map, 'k', 'v', undefined, aggregator.mergeCombiners) : this.#merge(map, 'k', 'v', aggregator.create, aggregator.merge)
    const join = aggregator.mergeCombiners
    return `${this.#newMap(map, `new runtime.SpillingMap(io, { merge: f${join}, fn: ${join} })`)}for (const ref of slots[${slot}]) {
const ${p} = io.pairs(ref), ks = ${p}.keys, vs = ${p}.values
io.metrics.recordsRead += ks.length
io.metrics.shuffleReadBytes += ref.bytes
for (let ${i} = 0; ${i} < ks.length; ${i}++) {
if ((${i} & 1023) === 0) io.tick()
const k = ks[${i}], v = vs[${i}]
${merge}
}
}
${this.#chunks(`for (const chunk of ${map}.chunks())`, 'chunk', consume, false)}
${map}.close()`
  }

  /** The fused steps: a loop of its own for each segment of the chain, the last of them around `consume`. */
  #pipe(input: Input, steps: readonly Step[], consume: Consume): string {
    const { before, loop } = this.#chain(input, steps)
    return `${before}${loop(consume)}`
  }

  /**
   * A chain of steps, segment by segment: a step that takes a whole partition begins one, and so does every `longestSegment`-th step.
   * Between segments records are pulled through generators; every `deepestPull`-th time they are held instead, so that the stack has an end.
   */
  #chain(input: Input, steps: readonly Step[]): Rows {
    let rows: Rows = { before: '', loop: consume => this.#body(input, consume), awaits: this.#awaits(input), pulls: 0 }
    for (let from = 0; from < steps.length;) {
      const step = steps[from]!
      if (isWhole(step)) {
        rows = this.#whole(step, rows)
        from++
        continue
      }
      let to = from
      while (to < steps.length && to - from < longestSegment && !isWhole(steps[to]!)) to++
      const segment = steps.slice(from, to)
      const { loop } = rows
      rows = { ...rows, loop: consume => loop(record => this.#narrow(segment, 0, record, consume)) }
      if (to < steps.length && !isWhole(steps[to]!)) rows = this.#pulled(rows)
      from = to
    }
    return rows
  }

  /** The rows that a step gives which takes a whole partition. */
  #whole(step: WholeStep, above: Rows): Rows {
    switch (step.op) {
      case 'mapPartitions': {
        const async = this.#form === 'async'
        const { before, held, pulls, rows } = above.awaits || above.pulls >= deepestPull ? this.#held(above) : this.#generator(above)
        const it = this.#name('it')
        const builtin = step.partition === undefined ? '' : `, slots[${step.partition}], io`
        const call = `at = ${step.fn}; rec = undefined\nconst ${it} = runtime.iterableResult(f${step.fn}(${rows}${builtin}), ${async})\n`
        const loop: Rows['loop'] = consume => `${call}${this.#rows(it, async, this.#between(step.fn, consume))}\nat = -1`
        return { before, loop, awaits: async, pulls, ...(held !== undefined && { held }) }
      }
      case 'mapAsync': {
        const options = JSON.stringify({ concurrency: step.concurrency, ordered: step.ordered, timeoutMs: step.timeoutMs })
        const { rows, ...rest } = this.#generator(above)
        const loop: Rows['loop'] = consume => this.#chunks(`for await (const chunk of runtime.mapAsync(f${step.fn}, ${step.fn}, ${rows}, ${options}, io))`, 'chunk', consume, false)
        return { ...rest, loop, awaits: true }
      }
      case 'store': {
        const { rows, before, held } = this.#held(above)
        return { before: `${before}stored.push(runtime.store(${step.slot}, slots[${step.slot}], ${rows}, io))\n`, loop: consume => this.#rows(rows, false, consume), held, awaits: false, pulls: 0 }
      }
    }
  }

  /** The same rows out of a generator, where that can be. */
  #pulled(above: Rows): Rows {
    const { rows, before, pulls, held } = above.awaits || above.pulls >= deepestPull ? this.#held(above) : this.#generator(above)
    return { before, loop: consume => this.#rows(rows, false, consume), awaits: false, pulls, ...(held !== undefined && { held }) }
  }

  /** All rows in an array. What they were made from is let go. */
  #held({ before, loop, held }: Rows): Pulled & { readonly held: string } {
    const rows = this.#name('rows')
    const release = held === undefined ? '' : `${held} = undefined\n`
    return { before: `${before}let ${rows} = []\n${loop(x => `${rows}.push(${x})`)}\n${release}`, rows, held: rows, pulls: 0 }
  }

  /** Rows pulled one by one from a generator; it stands beside the others, not inside them. */
  #generator({ before, loop, held, awaits, pulls }: Rows): Pulled {
    const name = this.#name('g')
    this.#generators.push(`${awaits ? 'async ' : ''}function* ${name}(${held ?? ''}) {
let at = -1, rec
try {
${loop(x => `yield ${x}`)}
} catch (error) { throw failed(error, at, rec) }
}
`)
    return { before, rows: `${name}(${held ?? ''})`, pulls: pulls + 1, ...(held !== undefined && { held }) }
  }

  /** The code of fused steps from `index` on, for one record. */
  #narrow(steps: readonly Step[], index: number, record: string, consume: Consume): string {
    const step = steps[index]
    if (step === undefined) return consume(record)
    const rest = (next: string): string => this.#narrow(steps, index + 1, next, consume)
    const y = this.#name('y')
    const call = (argument: string): string => {
      if (!('fn' in step)) throw new Error('a narrow step has a function')
      return `at = ${step.fn}; rec = ${record}\nconst ${y} = f${step.fn}(${argument}); at = -1\nif (probe) refuseThenable(${y}, ${step.fn}, ${record})`
    }
    switch (step.op) {
      case 'map': return `${call(record)}\n${rest(y)}`
      case 'filter': return `${call(record)}\nif (${y}) {\n${rest(record)}\n}`
      case 'mapValues': { const pair = this.#name('x'); return `if (probe) paired(${record})\n${call(`${record}[1]`)}\nconst ${pair} = [${record}[0], ${y}]\n${rest(pair)}` }
      case 'flatMap': return `${call(record)}\nat = ${step.fn}\n${this.#each(y, step.fn, record, rest)}`
      case 'flatMapValues': {
        const pair = this.#name('x')
        return `if (probe) paired(${record})\n${call(`${record}[1]`)}\nat = ${step.fn}\n${this.#each(y, step.fn, record, value => `const ${pair} = [${record}[0], ${value}]\n${rest(pair)}`)}`
      }
      default: throw new Error(`step ${step.op} is not narrow`)
    }
  }

  /** A loop over what flatMap returned. A generator's throw inside it belongs to the same function. */
  #each(iterable: string, fn: number, record: string, consume: Consume): string {
    const x = this.#name('x')
    return `for (const ${x} of ${iterable}) {\nat = -1\n${consume(x)}\nat = ${fn}; rec = ${record}\n}\nat = -1`
  }

  /** Statements, and an expression that gives the records of `input` as a synchronous iterable. */
  #iterable(input: Input): Pulled {
    const above = this.#above(input)
    return this.#awaits(input) ? this.#held(above) : this.#generator(above)
  }

  /** An expression that gives the records of `input` as a generator, pulled from by a user's function. */
  #lazyRows(input: Input): string {
    const awaits = this.#awaits(input)
    const { before, loop } = this.#above(input)
    return this.#generator({ before: '', loop: consume => `${before}${loop(consume)}`, awaits, pulls: 0 }).rows
  }

  #above(input: Input): Rows {
    return input.from === 'pipe' ? this.#chain(input.input, input.steps) : { before: '', loop: consume => this.#body(input, consume), awaits: this.#awaits(input), pulls: 0 }
  }

  /** Consumes records that a user's function gives one by one: between them it runs, and what it throws is its own. */
  #between(fn: number, consume: Consume): Consume {
    return record => `at = -1\n${consume(record)}\nat = ${fn}; rec = undefined`
  }

  /** Whether the code that reads `input` awaits. */
  #awaits(input: Input): boolean {
    return this.#form === 'async' && mayAwait(input)
  }

  #block(text: string): string {
    return `{\n${text}\n}`
  }

  #isUser(fn: number): boolean {
    return this.#shape.fns[fn]!.kind === 'user'
  }
}

/** Whether reading the input awaits in the async form. */
function mayAwait(input: Input): boolean {
  switch (input.from) {
    case 'pipe': return input.steps.some(step => step.op === 'mapPartitions') || isAsync(input) || mayAwait(input.input)
    case 'concat': return input.inputs.some(mayAwait)
    case 'zip': return true // its function may give an async iterable
    case 'cartesian': return mayAwait(input.left) || mayAwait(input.right)
    default: return isAsync(input)
  }
}
