// Runs the tests: `npm test`, or `npm test -- src/base test/architecture.test.ts` for some of them.
//
// - Every test file runs in a process of its own, two at a time, with 'rivulet' resolved to the sources (scripts/self.mjs).
// - A file that hangs is killed after its limit, one that dies is a failure; both say what they were doing.
// - A file's output is shown only when it fails. The type tests (tsc over everything) are one more job of a whole run.
// - The last line is `N passed, N failed`, with `, N skipped` where there are any; the exit code is 1 unless everything passed.
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const jobsAtOnce = 2
const limitMs = 120_000
const tsc = join(root, 'node_modules/typescript/bin/tsc')

const wanted = process.argv.slice(2)
const files = wanted.length > 0 ? wanted.flatMap(expand) : globSync('{src,test}/**/*.test.ts', { cwd: root }).sort()
const scratch = mkdtempSync(join(tmpdir(), 'rivulet-test-'))
const total = { passed: 0, failed: 0, skipped: 0 }
const failures = []

// The long ones first, so that two cores end together: the type check, then what crosses layers.
const queue = files.map((file, i) => () => testFile(file, join(scratch, `${i}.jsonl`))).sort((a, b) => a.weight - b.weight)
const crossing = files.map(file => !file.startsWith('src'))
queue.sort((a, b) => crossing[queue.indexOf(b)] - crossing[queue.indexOf(a)])
