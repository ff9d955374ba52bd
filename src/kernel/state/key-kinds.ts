// What kinds of keys there were, a bit for each: keys of another kind equal none of them. In a journal they stand as this number.

import { keyTag, tagOf } from '../../wire/key/key-bytes.ts'

const names: readonly (readonly [tag: number, name: string])[] = [
  [keyTag.string, 'texts'], [keyTag.number, 'numbers'], [keyTag.true, 'booleans'], [keyTag.bigint, 'bigints'], [keyTag.date, 'dates'], [keyTag.bytes, 'bytes'], [keyTag.array, 'arrays'],
  [keyTag.object, 'objects'], [keyTag.map, 'Maps'], [keyTag.set, 'Sets'], [keyTag.instance, 'instances of classes'], [keyTag.builtin, 'regular expressions, errors or boxed values'],
]

export class KeyKinds {
  bits = 0
  #last = ''

  add(key: unknown): void {
    if (typeof key === this.#last && typeof key !== 'object') return
    this.#last = typeof key
    if (key !== null && key !== undefined) this.bits |= 1 << (key === false ? keyTag.true : tagOf(key)) // keys of any kind may be missing
  }
}

/** `texts and numbers`. */
export function describeKinds(bits: number): string {
  return names.flatMap(([tag, name]) => ((bits & (1 << tag)) === 0 ? [] : name)).join(' and ')
}
