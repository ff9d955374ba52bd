// The reporter inside a test process: one JSON line per event that scripts/test.mjs needs, written as it happens, so that a
// process that hangs or dies leaves behind what it was doing.
import { inspect } from 'node:util'

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:dequeue') yield line({ type: 'start', name: data.name })
    if (type !== 'test:pass' && type !== 'test:fail') continue
    if (data.details.type === 'suite' && type === 'test:pass') continue
    const error = data.details.error
    if (error?.failureType === 'subtestsFailed') continue // its subtests are counted themselves
    const skipped = data.skip !== undefined || data.todo !== undefined
    yield line({ type: skipped ? 'skip' : type.slice('test:'.length), name: data.name, ms: data.details.duration_ms, error: error && describe(error) })
  }
}

const line = event => JSON.stringify(event) + '\n'
const describe = error => inspect(error.failureType === 'testCodeFailure' && error.cause !== undefined ? error.cause : error)
