// The public surface is what the golden page says: a change of it is a change of that page, and so is seen.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { publicApiPage } from '../scripts/docs/public-api.ts'

const golden = new URL('public-api.golden.md', import.meta.url)

test('every export, member and signature is as committed', () => {
  const page = publicApiPage()
  if (process.env.UPDATE === '1') writeFileSync(golden, page)
  const [before, now] = [readFileSync(golden, 'utf8').split('\n'), page.split('\n')]
  const [old, current] = [new Set(before), new Set(now)]
  const changes = [...before.filter(line => !current.has(line)).map(line => `- ${line}`), ...now.filter(line => !old.has(line)).map(line => `+ ${line}`)]
  assert.ok(changes.length === 0 && page === before.join('\n'), `the public API has changed; if that is meant, run \`npm run docs\` and commit test/public-api.golden.md\n${changes.join('\n')}`)
})
