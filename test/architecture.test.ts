// The rules of the source tree hold, and the checker that says so finds every kind of breach.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { problemsOf, taskEntries } from './architecture/rules.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const ours = ['{src,test,examples,bench,scripts}/**/*.{ts,mjs}', 'docs/**/*.md', '*.md', '.ci/*']

test('the sources keep the rules', () => {
  const paths = globSync(ours, { cwd: root, exclude: name => name === 'node_modules' })
  assert.ok(paths.length > 20, 'the sources were found')
  assert.deepEqual(problemsOf(new Map(paths.map(path => [path.replaceAll('\\', '/'), readFileSync(`${root}/${path}`, 'utf8')]))), [])
})

// The files of a small tree, then what must be found in it; without an opening comment of their own they get one.
const breaches: [name: string, files: Record<string, string>, expected: RegExp[]][] = [
  ['nothing', { 'src/base/a.ts': '', 'src/kernel/b.ts': "import { a } from '../base/a.ts'\nimport { readFile } from 'node:fs'" }, []],
  ['an upward import', { 'src/base/a.ts': "import '../rdd/b.ts'", 'src/rdd/b.ts': '' }, [/^src\/base\/a\.ts:2 imports upward: base may not import rdd/]],
  ['an upward type import', { 'src/base/a.ts': "import type { B } from '../rdd/b.ts'", 'src/rdd/b.ts': '' }, [/imports upward/]],
  ['an upward import in a type', { 'src/base/a.ts': "export type A = import('../rdd/b.ts').B", 'src/rdd/b.ts': '' }, [/imports upward/]],
  ['an upward re-export', { 'src/base/a.ts': "export * from '../rdd/b.ts'", 'src/rdd/b.ts': '' }, [/imports upward/]],
  ['an upward dynamic import', { 'src/base/a.ts': "const b = await import('../rdd/b.ts')", 'src/rdd/b.ts': '' }, [/imports upward/]],
  ['layers side by side', { 'src/wire/a.ts': "import '../storage/b.ts'", 'src/storage/b.ts': '' }, [/wire may not import storage/]],
  ['a layer that nobody knows', { 'src/utils/a.ts': "import '../base/b.ts'", 'src/base/b.ts': '' }, [/layer utils is not in the table/]],
  ['tests stand outside the layers', { 'src/base/a.test.ts': "import '../rdd/b.ts'", 'src/rdd/b.ts': '' }, []],
  ['a file cycle', { 'src/base/a.ts': "import './b.ts'", 'src/base/b.ts': "import type { A } from './a.ts'" }, [/import cycle: src\/base\/a\.ts → src\/base\/b\.ts → src\/base\/a\.ts/]],
  ['a rung that knows the type of its top', { 'src/rdd/rdd.ts': "import './api/pairs.ts'", 'src/rdd/api/pairs.ts': "import type { RDD } from '../rdd.ts'" }, []],
  ['a rung that loads its top', { 'src/rdd/rdd.ts': "import './api/pairs.ts'", 'src/rdd/api/pairs.ts': "import { RDD } from '../rdd.ts'" }, [/import cycle/]],
  ['a rung that takes more than the top', { 'src/rdd/rdd.ts': "import './api/pairs.ts'", 'src/rdd/api/pairs.ts': "import type { RDD, X } from '../rdd.ts'" }, [/import cycle/]],
  ['two folders that import each other', {
    'src/streaming/graph/a.ts': "import '../batch/b.ts'", 'src/streaming/batch/b.ts': '', 'src/streaming/batch/c.ts': "import '../graph/d.ts'", 'src/streaming/graph/d.ts': '',
  }, [/src\/streaming\/batch and src\/streaming\/graph import each other/]],
  ['a package in the wrong layer', { 'src/rdd/a.ts': "import { parse } from 'acorn'", 'src/wire/b.ts': "import { parse } from 'acorn'" }, [/^src\/rdd\/a\.ts:2: rdd may not import the package acorn/]],
  ['a package in a connector', { 'src/connectors/kafka/a.ts': "import k from '@platformatic/kafka'" }, []],
  ['connectors that import each other', { 'src/connectors/kafka/a.ts': "import '../mqtt/b.ts'", 'src/connectors/mqtt/b.ts': '' }, [/connectors never import each other/]],
  ['a task half that loads the driver', { 'src/connectors/kafka/a.task.ts': "import '../../rdd/b.ts'", 'src/rdd/b.ts': '' }, [/task half/]],
  ['a ui that loads what it shows', { 'src/ui/a.ts': "import { L } from '../streaming/l.ts'\nimport type { M } from '../streaming/l.ts'", 'src/streaming/l.ts': '' }, [/^src\/ui\/a\.ts:2: ui imports only types/]],
  ['a task that loads the scheduler', {
    [taskEntries[0]!]: "import '../../kernel/run.ts'\nimport './thread.ts'\nimport type { RDD } from '../../rdd/rdd.ts'", 'src/rdd/rdd.ts': '', 'src/kernel/run.ts': '',
    'src/engine/embedded/thread.ts': "import { type Plan } from '../../rdd/plan.ts'", 'src/rdd/plan.ts': '',
  }, [/^src\/engine\/embedded\/thread\.ts:2 loads src\/rdd\/plan\.ts in a task/]],
  ['a file of 601 lines', { 'src/base/a.ts': '\n'.repeat(599) }, [/has 601 lines/]],
  ['left-overs', { 'src/base/a.ts': `// ${'TO' + 'DO'} later\n// ${'@ts-' + 'ignore'}\nconst path = '/${'ho' + 'me'}/me/x'` }, [/a\.ts:2: a left-over/, /a\.ts:3: a silenced/, /a\.ts:4: a path of somebody's machine/]],
  ['a file without a word', { 'scripts/a.mjs': '\nexport {}' }, [/does not open with a comment/]],
]

for (const [name, files, expected] of breaches) {
  test(`found: ${name}`, () => {
    const tree = Object.entries(files).map(([path, text]): [string, string] => [path, text.startsWith('\n') && !path.startsWith('src') ? text : `// A file.\n${text}`])
    const problems = problemsOf(new Map(tree))
    assert.equal(problems.length, expected.length, problems.join('\n'))
    expected.forEach((pattern, i) => assert.match(problems[i]!, pattern))
  })
}
