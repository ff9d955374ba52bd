// Loaded with --import into the programs of the environments: gives them the runner without their importing it, as they are
// compiled in ways in which the library is not.

declare global {
  var runClosureSuite: (cases: never[], options?: object) => Promise<void>
}

globalThis.runClosureSuite = async (cases, options) => {
  const { runSuite } = await import('./run-suite.ts')
  console.log(JSON.stringify(await runSuite(cases, options)))
}
