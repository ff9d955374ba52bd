// The lowest rung of RDD: what it is, and how operators derive from it.
//
// An RDD is a plan node and the context that can run it. It is immutable, lazy and cheap: a batch makes dozens.

import { inspect } from 'node:util'
import { callSite } from '../../base/call-site.ts'
import { refuseSymbol } from '../../wire/closure/symbols.ts'
import { pipeline, userFunction } from '../nodes.ts'
import type { Plan, PlanStep } from '../plan.ts'
import type { RDDContext } from '../rdd-context.ts'
import type { RDD } from '../rdd.ts'
import type { AnyFunction } from '../types.ts'

/** What every RDD has; operators live in the rungs above. */
export abstract class RDDNode<out T> {
  /** Only for types: the records. */
  declare protected readonly element: T
  /** The lineage node. Not for programs. */
  readonly plan: Plan
  /** The context that made it. */
  readonly context: RDDContext

  constructor(context: RDDContext, plan: Plan) {
    this.context = context
    this.plan = plan
  }

  /** A new RDD of the same context. */
  protected abstract derive<U>(plan: Plan): RDD<U>

  /** A pipeline with one user function: what most operators are. */
  protected step<U>(op: string, stepOp: Exclude<PlanStep['op'], 'mapAsync'>, fn: AnyFunction, keepsKeys = false): RDD<U> {
    const site = callSite()
    return this.derive<U>(pipeline(this.plan, op, site, [{ op: stepOp, fn: userFunction(fn, op, site) }], keepsKeys))
  }

  /** A unique number within the process, increasing in the order of construction. */
  get id(): number {
    return this.plan.id
  }

  /** The name given by `setName`. */
  get name(): string | undefined {
    return this.plan.name
  }

  /**
   * Gives it a name, for toDebugString and messages. Returns the RDD itself. Semantics: `RDD.setName`.
   *
   * @example
   * import { Context } from 'rivulet'
   * const ctx = new Context()
   * ctx.range(0, 10).setName('numbers').name   // 'numbers'
   */
  setName(name: string): this {
    this.plan.name = name
    return this
  }

  /** `RDD[3] reduceByKey at app.ts:12:5`. */
  protected describe(): string {
    const { id, name, op, site } = this.plan
    return `RDD[${id}] ${name === undefined ? '' : `${name}: `}${op}${site.place === '' ? '' : ` at ${site.place}`}`
  }

  /** Why a function that captures an RDD is refused. */
  get [refuseSymbol](): string {
    return `it is ${this.describe()}; an RDD cannot be used inside a function of an RDD or D-Stream: use join, broadcast what collect() gives, or capture a plain value`
  }

  toString(): string {
    return this.describe()
  }

  [inspect.custom](): string {
    return `${this.describe()} (lazy; await .collect())`
  }
}

