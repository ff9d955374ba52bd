// Lets the programs of this repository import 'rivulet' by its public name and run from the sources, without a build.
// Used as `node --import ./scripts/self.mjs program.ts`; worker threads inherit it through execArgv.
//
// Compiled sources are kept (a program starts in a third of the time, a worker thread too): in node_modules, not among the temporary files.
import { enableCompileCache, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

const doors = new Map([
  ['rivulet', new URL('../src/index.ts', import.meta.url).href],
  ['rivulet/testing', new URL('../src/testing/index.ts', import.meta.url).href],
])
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)))
registerHooks({
  resolve(specifier, context, next) {
    const url = doors.get(specifier)
    return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
  },
})
