// Lets the programs of this repository import 'rivulet' by its public name and run from the sources, without a build.
// Used as `node --import ./scripts/self.mjs program.ts`; worker threads inherit it through execArgv.
import { registerHooks } from 'node:module'

const doors = new Map([
  ['rivulet', new URL('../src/index.ts', import.meta.url).href],
  ['rivulet/testing', new URL('../src/testing/index.ts', import.meta.url).href],
])
registerHooks({
  resolve(specifier, context, next) {
    const url = doors.get(specifier)
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})
