// One suite over every way to run: the tests of a body are declared once for each master, with a context of their own.

import { after, before, describe } from 'node:test'
import { Context } from '../context/context.ts'

export const masters = ['inline', 'local[2]'] as const

/** Declares `body`'s tests for every master; the context is there when a test runs. */
export function onEveryMaster(body: (context: () => Context, master: string) => void): void {
  for (const master of masters) {
    describe(master, () => {
      let context: Context
      before(() => { context = new Context({ master }) })
      after(() => context.stop())
      body(() => context, master)
    })
  }
}
