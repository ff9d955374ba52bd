// Runs the program of the tests of state on disk where files may not get large: says the code with which it ends.

import { run } from './disk-state.fixture.ts'

try {
  await run({ directory: process.argv[2]!, from: 0, to: Number(process.argv[3]) })
  console.log('ended')
} catch (error) {
  console.log((error as { code?: string }).code ?? String(error))
}
