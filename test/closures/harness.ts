// Loaded with --import into the programs of the environments: gives them the runner without their importing it, as they are
// compiled in ways in which the library is not.

declare global {
  /** Runs the suite and prints its result as a line of JSON. */
  var runClosureSuite: (cases: never[], options?: object) => Promise<void>
  /** The result of a function in a worker; the process ends when it has settled. */
  var ship: (fn: Function, ...args: unknown[]) => Promise<unknown>
}

globalThis.runClosureSuite = async (cases, options) => {
  const { runSuite } = await import('./run-suite.ts')
  console.log(JSON.stringify(await runSuite(cases, options)))
}

globalThis.ship = async (fn, ...args) => {
  const { SuiteWorker, captureForSuite } = await import('./run-suite.ts')
  const captured = captureForSuite(fn)
  await using worker = new SuiteWorker()
  return await worker.call(captured, args)
}
