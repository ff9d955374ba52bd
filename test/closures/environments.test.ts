// The closure suite in every environment in which user code may be compiled and started.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { environments, removeFolder, runEnvironment, scratchFolder } from './environments.ts'

const scratch = scratchFolder()
after(() => removeFolder(scratch))

describe('closures in', { concurrency: 2 }, () => {
  for (const environment of environments) {
    test(environment.name, async () => {
      const { passed, failed } = await runEnvironment(scratch, environment)
      const differs = environment.differs ?? {}
      assert.deepEqual(failed.filter(({ name, why }) => !differs[name]?.test(why)), [])
      assert.deepEqual(failed.map(f => f.name).toSorted(), Object.keys(differs).toSorted(), 'what is known to differ still does')
      assert.ok(passed > 110, `only ${passed} cases ran`)
    })
  }
})
