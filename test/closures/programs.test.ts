// Small programs that are started in other ways than a file, and programs in which a worker could go wrong as a whole.
//
// - `ship(fn, ...args)` is the result of the function in a worker (harness.ts).

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { harness, removeFolder, root, run, scratchFolder } from './environments.ts'

const scratch = scratchFolder()
after(() => removeFolder(scratch))

interface Program {
  readonly name: string
  readonly args: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly input?: string
  readonly prompt?: string
  /** The lines that begin with `@`, or what must be in all of the output. */
  readonly prints: readonly string[] | RegExp
}

const classicScript = "const k = 3; const path = require('node:path'); ship(x => path.join('a', String(x + k)), 1).then(v => console.log('@' + v))"
const moduleScript = "import path from 'node:path'; const k = await 3; console.log('@' + await ship(x => path.join('a', String(x + k)), 1))"
const repl = [
  'let counter = 10', 'const k = 3', 'var old = 100', 'function twice(x) { return x * 2 }', 'class P { constructor(x) { this.x = x } sq() { return this.x * this.x } }',
  "console.log('@' + await ship(x => x + counter + k + old + twice(x), 1))",
  '7 * 6', "console.log('@' + await ship(() => new P(5).sq() + _, 0))",
  "console.log('@' + await ship(() => path.join('a', 'b')))",
  "console.log('@' + await ship(() => require('node:os').EOL.length))",
  'const late = await Promise.resolve(8)',
  "counter += 1; console.log('@' + await ship(() => late + counter))",
  'const inc = () => counter++',
  "console.log('@' + await ship(() => { inc(); inc(); return counter }))",
].join('\n')

const programs: readonly Program[] = [
  { name: 'node -e', args: ['-e', classicScript], prints: ['a/4'] },
  { name: 'node --input-type=module -e', args: ['--input-type=module', '-e', moduleScript], prints: ['a/4'] },
  { name: 'stdin', args: ['-'], input: classicScript, prints: ['a/4'] },
  { name: 'stdin, module', args: ['--input-type=module', '-'], input: moduleScript, prints: ['a/4'] },
  { name: 'the REPL', args: ['-i'], input: repl, prompt: '> ', prints: ['116', '67', 'a/b', '1', '19', '13'] },
  {
    name: 'a helper that imports the main script travels by value', args: ['job.ts'], prints: ['main 0', '25', '50', '90', 'imports 1'],
    files: {
      'job.ts': `
        import { threadId } from 'node:worker_threads'
        import { fresh } from './fresh.ts'
        import { mk, useConfig } from './util.ts'
        export const config = { rate: 2 }
        console.log('@main', threadId)
        if (threadId > 0) process.exit(3)
        export function mainExport(x: number) { return x * config.rate }
        config.rate = 5
        console.log('@' + await ship((x: number) => mainExport(x), 5))
        config.rate = 10
        console.log('@' + await ship((x: number) => useConfig(x), 5))
        console.log('@' + await ship(mk(4), 5))
        console.log('@imports', await ship(() => fresh()))
      `,
      'util.ts': `
        import { config } from './job.ts'
        import './cycle.ts'
        export function useConfig(x: number) { return x * config.rate }
        export const mk = (k: number) => (x: number) => useConfig(x) + config.rate * k
      `,
      'cycle.ts': "import './util.ts'\nexport {}",
      'fresh.ts': 'let calls = 0\nexport const fresh = () => ++calls',
    },
  },
  {
    name: 'the cure for a pool in a module that imports the main script', args: ['job.ts'], prints: /captures `db\.pool\.conns\[0\]`: it is a Socket.*\n.*`db\.ts` imports `job\.ts`, so workers cannot import it; break that import/,
    files: {
      'job.ts': "import { db } from './db.ts'\nexport const host = 'h'\ntry { await ship(() => db.pool.conns[0]) } catch (e) { console.log((e as Error).message) }",
      'db.ts': "import net from 'node:net'\nimport { host } from './job.ts'\nexport const db = { host: () => host, pool: { conns: [new net.Socket()] } }",
    },
  },
  {
    name: "TypeScript means './job.js' for job.ts (tsx)", args: ['--import', 'tsx', 'job.ts'], prints: ['main 0', '10'],
    files: {
      'job.ts': "import { threadId } from 'node:worker_threads'\nimport { useConfig } from './util.js'\nexport const config = { rate: 2 }\nconsole.log('@main', threadId)\nconsole.log('@' + await ship((x: number) => useConfig(x), 5))",
      'util.ts': "import { config } from './job.js'\nexport function useConfig(x: number) { return x * config.rate }",
    },
  },
  {
    name: "what is imported from 'rivulet'", args: ['--import', pathToFileURL(join(root, 'scripts/self.mjs')).href, 'job.ts'], prints: ['true 3000 true 7'],
    files: {
      'job.ts': `
        import { Duration, seconds, Time } from 'rivulet'
        const start = new Time(7)
        const made = { seconds }
        const job = (n: number) => [seconds(n) instanceof Duration, made.seconds(n).milliseconds, start instanceof Time, start.milliseconds].join(' ')
        console.log('@' + await ship(job, 3))
      `,
    },
  },
  {
    name: 'an alias of package.json for a module that imports the main script', args: ['job.ts'], prints: ['main 0', '10'],
    files: {
      'package.json': '{ "type": "module", "imports": { "#util": "./util.ts" } }',
      'job.ts': "import { threadId } from 'node:worker_threads'\nimport { useConfig } from '#util'\nexport const config = { rate: 2 }\nconsole.log('@main', threadId)\nconsole.log('@' + await ship((x: number) => useConfig(x), 5))",
      'util.ts': "import { config } from './job.ts'\nexport function useConfig(x: number) { return x * config.rate }",
    },
  },
  { name: 'flags that a worker refuses or must not have', args: ['--expose-gc', '--max-old-space-size=512', '--enable-source-maps', '--no-warnings', '-e', "const k = 2; ship(() => k).then(v => console.log('@' + v))"], prints: ['2'] },
  { name: 'no inspector', args: ['--permission', '--allow-fs-read=*', '--allow-worker', 'job.mjs'], files: { 'job.mjs': 'const k = 1; ship(() => k).catch(e => console.log(e.code, e.message))' }, prints: /RIV_CLOSURE_INSPECTOR .*not available here/ },
]

describe('programs:', { concurrency: 2 }, () => {
  for (const [i, { name, args, files, input, prompt, prints }] of programs.entries()) {
    test(name, async () => {
      const dir = join(scratch, String(i))
      mkdirSync(dir)
      for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', ...(files ?? {}) })) writeFileSync(join(dir, file), text)
      if (files === undefined) writeFileSync(join(dir, 'package.json'), '{}')
      const { stdout, stderr } = await run(['--import', harness, ...args], dir, input, prompt)
      if (prints instanceof RegExp) assert.match(stdout, prints)
      else assert.deepEqual([...stdout.matchAll(/^(?:> )*@(.*)$/gm)].map(m => m[1]), prints, stdout + stderr)
      assert.doesNotMatch(stderr, /ExperimentalWarning/)
    })
  }
})
