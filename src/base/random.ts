// Random numbers that a seed fixes: samples are the same on each run, and on a task's second attempt.

/** A generator of numbers in [0, 1) (mulberry32: 2^32 states, one multiplication chain a number). */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed ^ (seed >>> 16), 0x9e3779b1) | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `n` different whole numbers below `total`, by Floyd's method; in no order, and not in random order either. */
export function distinctPlaces(n: number, total: number, random: () => number): number[] {
  const chosen = new Set<number>()
  for (let i = total - n; i < total; i++) {
    const candidate = Math.floor(random() * (i + 1))
    chosen.add(chosen.has(candidate) ? i : candidate)
  }
  return [...chosen]
}
