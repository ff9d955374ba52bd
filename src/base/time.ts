// Time and Duration, Spark's two value types for the stream clock; both count whole milliseconds.
//
// - A batch at time t covers (t − interval, t]; its time is its id.
// - Every place that takes a duration takes `D`: a Duration, milliseconds, or text with a unit.

import { parseDuration } from './duration-text.ts'
import { baseErrors } from './errors.ts'

/** A length of time as text with a unit. */
export type DurationText = `${number} ms` | `${number} s` | `${number} min` | `${number} h` | `${number}ms` | `${number}s` | `${number}min` | `${number}h`

/** What every place that takes a duration accepts; a number is milliseconds. */
export type D = Duration | number | DurationText

/**
 * A length of time in milliseconds.
 *
 * Semantics: `org.apache.spark.streaming.Duration`.
 *
 * @example
 * import { seconds } from 'rivulet'
 * seconds(2).plus(500).milliseconds   // 2500
 */
export class Duration {
  readonly milliseconds: number
  constructor(milliseconds: number) {
    if (!Number.isFinite(milliseconds)) throw baseErrors.RIV_DURATION(milliseconds, 'a Duration')
    this.milliseconds = milliseconds
  }
  plus(that: D): Duration { return new Duration(this.milliseconds + toMs(that)) }
  minus(that: D): Duration { return new Duration(this.milliseconds - toMs(that)) }
  times(n: number): Duration { return new Duration(this.milliseconds * n) }
  div(that: D): number { return this.milliseconds / toMs(that) }
  less(that: D): boolean { return this.milliseconds < toMs(that) }
  lessEq(that: D): boolean { return this.milliseconds <= toMs(that) }
  greater(that: D): boolean { return this.milliseconds > toMs(that) }
  greaterEq(that: D): boolean { return this.milliseconds >= toMs(that) }
  min(that: D): Duration { return this.lessEq(that) ? this : new Duration(toMs(that)) }
  max(that: D): Duration { return this.greaterEq(that) ? this : new Duration(toMs(that)) }
  isMultipleOf(that: D): boolean { return this.milliseconds % toMs(that) === 0 }
  isZero(): boolean { return this.milliseconds === 0 }
  /** In the unit that suits it, as Spark writes it: `5 ms`, `2.0 s`, `1.5 m`, `1.50 h`. */
  prettyPrint(): string {
    const [ms, s, m] = [this.milliseconds, this.milliseconds / 1_000, this.milliseconds / 60_000]
    return s < 1 ? `${ms} ms` : m < 1 ? `${s.toFixed(1)} s` : m < 60 ? `${m.toFixed(1)} m` : `${(m / 60).toFixed(2)} h`
  }
  /** In milliseconds: `2000 ms`. */
  toFormattedString(): string { return `${this.milliseconds} ms` }
  valueOf(): number { return this.milliseconds }
  toString(): string { return `${this.milliseconds} ms` }
}

/** `n` milliseconds. */
export const milliseconds = (n: number): Duration => new Duration(n)
/** `n` seconds. */
export const seconds = (n: number): Duration => new Duration(n * 1_000)
/** `n` minutes. */
export const minutes = (n: number): Duration => new Duration(n * 60_000)

const toMs = (value: D): number => duration(value).milliseconds

/** A `Duration` from anything a duration may be given as; text from configuration too. Refuses the rest with RIV_DURATION. */
export function duration(value: D | string, what = 'the value'): Duration {
  if (value instanceof Duration) return value
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? parseDuration(value) : undefined
  if (ms === undefined || !Number.isFinite(ms)) throw baseErrors.RIV_DURATION(value, what)
  return new Duration(ms)
}

/** As `duration`, for batches, windows and slides: a bare number below 5 is refused, since its author meant seconds. */
export function interval(value: D, what: string): Duration {
  if (typeof value === 'number' && value > 0 && value < 5) throw baseErrors.RIV_DURATION_BARE(value, what)
  return duration(value, what)
}

/**
 * A point of the stream clock, in milliseconds since the epoch; a batch's time is its id.
 *
 * Semantics: `org.apache.spark.streaming.Time`.
 *
 * @example
 * import { Time } from 'rivulet'
 * new Time(2500).floor('1 s').milliseconds   // 2000
 */
export class Time {
  readonly milliseconds: number
  constructor(milliseconds: number) { this.milliseconds = milliseconds }
  plus(that: D): Time { return new Time(this.milliseconds + toMs(that)) }
  minus(that: Time): Duration
  minus(that: D): Time
  minus(that: D | Time): Time | Duration {
    return that instanceof Time ? new Duration(this.milliseconds - that.milliseconds) : new Time(this.milliseconds - toMs(that))
  }
  floor(that: D, zero: Time = new Time(0)): Time {
    const d = toMs(that)
    return new Time(Math.floor((this.milliseconds - zero.milliseconds) / d) * d + zero.milliseconds)
  }
  isMultipleOf(that: D): boolean { return this.milliseconds % toMs(that) === 0 }
  less(that: Time): boolean { return this.milliseconds < that.milliseconds }
  lessEq(that: Time): boolean { return this.milliseconds <= that.milliseconds }
  greater(that: Time): boolean { return this.milliseconds > that.milliseconds }
  greaterEq(that: Time): boolean { return this.milliseconds >= that.milliseconds }
  min(that: Time): Time { return this.lessEq(that) ? this : that }
  max(that: Time): Time { return this.greaterEq(that) ? this : that }
  /** The times from here to before `end`, `step` apart. */
  until(end: Time, step: D): Time[] { return steps(this.milliseconds, end.milliseconds - 1, toMs(step)) }
  /** The times from here to `end`, both included, `step` apart. */
  to(end: Time, step: D): Time[] { return steps(this.milliseconds, end.milliseconds, toMs(step)) }
  valueOf(): number { return this.milliseconds }
  toString(): string { return `${this.milliseconds} ms` }
}

// No private method of Time: instances are captured by functions that travel, and private members cannot.
function steps(from: number, last: number, step: number): Time[] {
  const times: Time[] = []
  for (let ms = from; ms <= last; ms += step) times.push(new Time(ms))
  return times
}
