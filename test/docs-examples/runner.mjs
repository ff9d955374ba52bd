// Runs examples, one after another, in this process: `node runner.mjs example.ts …`. Both outputs get a line before each.
import assert from 'node:assert/strict'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'

const files = process.argv.slice(2)
globalThis.__is = (value, expected) => assert.deepStrictEqual(value, expected)
globalThis.__shows = (value, expected) => assert.equal(inspect(value, { breakLength: Infinity, depth: 9 }), expected)

for (const file of files) {
  process.stdout.write(`\n=== ${file}\n`)
  process.stderr.write(`\n=== ${file}\n`)
  await import(pathToFileURL(file).href)
}
