// The acceptance tests run on these masters, through the package's own name.

import { after, before, describe } from 'node:test'
import { Context } from 'rivulet'

/** Declares `body`'s tests for both masters; the context is there when a test runs. */
export function onMasters(body: (context: () => Context, master: string) => void): void {
  for (const master of ['inline', 'local[2]']) {
    describe(master, () => {
      let context: Context
      before(() => { context = new Context({ master }) })
      after(() => context.stop())
      body(() => context, master)
    })
  }
}
