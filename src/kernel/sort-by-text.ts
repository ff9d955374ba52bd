// Sorts pairs whose keys are texts: by digits of what follows the prefix that all keys share, and by comparing only where those are equal.
//
//   key:  shared prefix │ six characters of one byte, or three of two │ rest
//                         three digits of 16 bits: sorted by counting   compared, among pairs with equal digits
//
// - Comparing two texts that were cut out of a block costs as much as looking at ten of their characters, and a sort compares each twenty times.
// - Equal keys keep their order. The order is that of `<`: by UTF-16 units.

type TextPair = readonly [string, unknown]

/** Fewer are compared: counting has 2^16 places to look at. */
const fewPairs = 1 << 14
const digits = 3

/** The pairs in order; those that were given are changed. */
export function sortByText(pairs: TextPair[], ascending: boolean): TextPair[] {
  const compare = ascending ? (a: TextPair, b: TextPair) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0) : (a: TextPair, b: TextPair) => (b[0] < a[0] ? -1 : b[0] > a[0] ? 1 : 0)
  if (pairs.length < fewPairs) return pairs.sort(compare)
  const columns = digitsOf(pairs, sharedPrefix(pairs), ascending)
  let order = Uint32Array.from(pairs.keys())
  for (const column of columns) order = byDigit(order, column)
  const sorted = Array.from(order, place => pairs[place]!)
  const sameAsNext = (i: number): boolean => columns.every(column => column[order[i]!] === column[order[i + 1]!])
  for (let from = 0; from < sorted.length;) {
    let to = from + 1
    while (to < sorted.length && sameAsNext(to - 1)) to++
    if (to - from > 1) sorted.slice(from, to).sort(compare).forEach((pair, i) => { sorted[from + i] = pair })
    from = to
  }
  return sorted
}

/** How many characters all keys begin with. */
function sharedPrefix(pairs: readonly TextPair[]): number {
  const first = pairs[0]![0]
  let shared = first.length
  for (const [key] of pairs) {
    let same = 0
    while (same < shared && same < key.length && key.charCodeAt(same) === first.charCodeAt(same)) same++
    if ((shared = same) === 0) break
  }
  return shared
}

/** The digits of the keys from a place on, the last ones first. */
function digitsOf(pairs: readonly TextPair[], from: number, ascending: boolean): Uint16Array[] {
  const flip = ascending ? 0 : 0xffff
  const columns = Array.from({ length: digits }, () => new Uint16Array(pairs.length))
  const fill = (digitAt: (key: string, place: number) => number): boolean => pairs.every(([key], i) => {
    for (let d = 0; d < digits; d++) {
      const digit = digitAt(key, d)
      if (digit === -1) return false
      columns[digits - 1 - d]![i] = digit ^ flip
    }
    return true
  })
  const isNarrow = fill((key, d) => {
    const at = from + 2 * d
    const [high, low] = [unit(key, at), unit(key, at + 1)]
    return (high | low) > 0xff ? -1 : (high << 8) | low
  })
  if (!isNarrow) fill((key, d) => unit(key, from + d))
  return columns
}

/** Behind the end comes what is before all else; a character that is 0 is told from it by comparing. */
const unit = (key: string, at: number): number => (at < key.length ? key.charCodeAt(at) : 0)

/** An order changed to that of a digit, in which equal ones keep theirs. */
function byDigit(order: Uint32Array<ArrayBuffer>, column: Uint16Array): Uint32Array<ArrayBuffer> {
  const places = new Uint32Array(0x10001)
  for (const digit of column) places[digit + 1]!++
  for (let digit = 0; digit < 0x10000; digit++) places[digit + 1]! += places[digit]!
  const sorted = new Uint32Array(order.length)
  for (const place of order) sorted[places[column[place]!]!++] = place
  return sorted
}
