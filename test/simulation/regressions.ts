// Seeds that once found something, with what it was. They run with every test of the simulation.

export const regressions: readonly (readonly [seed: number, found: string])[] = [
  [1011, 'a driver that died while it ran batches again went back to their offsets: later records came twice'],
  [2459, 'the clock had been set back: a graceful stop left batches behind that an earlier driver had begun'],
  [2811, 'a driver died when it had made the folder of the journal, and a later one did not sync its name: a power cut took all of it'],
  [6059, 'a state on disk wrote an old value into its log again, which a program that started again took for the newest'],
]
