// Seeds that once found something, with what it was. They run with every test of the simulation.

export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [1011, 'a driver that died while it ran batches again went back to their offsets: later records came twice'],
]
