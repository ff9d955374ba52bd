// Text for benchmarks: lines of 100 bytes with their newline, words by Zipf's law over 10 000 words, 2 % of the lines hold "needle".
// The same seed gives the same bytes.

import { seededRandom } from '../src/base/random.ts'

const vocabulary = 10_000
const width = 99

/** `lines` lines in one shared buffer. */
export function textOf(lines: number, seed = 42): Buffer {
  const random = seededRandom(seed)
  const words = Array.from({ length: vocabulary }, (_, rank) => wordOf(random, rank))
  const pick = zipf(random)
  const out = Buffer.from(new SharedArrayBuffer(lines * (width + 1)))
  for (let line = 0; line < lines; line++) {
    const needle = random() < 0.02 ? ' needle ' : ''
    let text = ''
    while (text.length < width) text += `${words[pick()]!} `
    if (needle !== '') text = text.slice(0, 40) + needle + text.slice(48)
    out.write(`${text.slice(0, width - 1).trimEnd().padEnd(width, 'x')}\n`, line * (width + 1), 'latin1')
  }
  return out
}

function wordOf(random: () => number, rank: number): string {
  const length = rank < 200 ? 1 + Math.floor(random() * 4) : 3 + Math.floor(random() * 7)
  let word = ''
  for (let i = 0; i < length; i++) word += String.fromCharCode(97 + Math.floor(random() * 26))
  return word
}

/** Ranks by Zipf's law, through a table of the inverse distribution. */
function zipf(random: () => number): () => number {
  const table = new Uint16Array(1 << 16)
  let total = 0
  for (let k = 1; k <= vocabulary; k++) total += 1 / k
  let sum = 0
  let at = 0
  for (let k = 1; k <= vocabulary; k++) {
    sum += 1 / k / total
    while (at < table.length && at / table.length < sum) table[at++] = k - 1
  }
  return () => table[Math.floor(random() * table.length)]!
}

/** Offsets that cut a text into ranges of about `bytes`, at newlines. */
export function cuts(text: Buffer, bytes: number): [number, number][] {
  const ranges: [number, number][] = []
  for (let from = 0; from < text.length;) {
    const end = from + bytes >= text.length ? text.length : text.lastIndexOf(10, from + bytes) + 1
    ranges.push([from, end])
    from = end
  }
  return ranges
}

const keyBytes = 14

/** `lines` lines in one shared buffer, each with a key of its own among `keys`, in no order. */
export function keyedTextOf(lines: number, keys: number, seed = 42): Buffer {
  const random = seededRandom(seed)
  const order = Uint32Array.from({ length: lines }, (_, i) => i % keys)
  for (let i = lines - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const other = order[j]!
    order[j] = order[i]!
    order[i] = other
  }
  const out = Buffer.from(new SharedArrayBuffer(lines * (width + 1)))
  const filler = 'x'.repeat(width)
  for (let line = 0; line < lines; line++) {
    const key = `user-${String(order[line]).padStart(keyBytes - 5, '0')}`
    out.write(`${key} ${filler.slice(keyBytes + 1)}\n`, line * (width + 1), 'latin1')
  }
  return out
}

/** The key of a line of such a text. */
export const keyOf = (line: string): string => line.slice(0, keyBytes)
