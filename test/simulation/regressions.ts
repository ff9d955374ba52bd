// Seeds that once found something, with what it was. They run with every test of the simulation.

export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [154, 'an older driver that goes on behind a newer one removed the folder into which that one was saving'],
]
