// The package as its users meet it: built, packed, unpacked into an empty project, compiled against and run, on each Node.
//
// Nothing is downloaded: what the package depends on is linked from this repository's node_modules.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'

const root = fileURLToPath(new URL('..', import.meta.url))
const packages = join(root, 'node_modules')
const scratch = mkdtempSync(join(tmpdir(), 'rivulet-package-'))
after(() => rmSync(scratch, { recursive: true }))

interface Ended { code: number | null; out: string; err: string }

function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Ended {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', ...env } })
  return { code: status, out: stdout, err: stderr }
}

function must(command: string, args: string[], cwd: string): string {
  const { code, out, err } = run(command, args, cwd)
  assert.equal(code, 0, `${command} ${args.join(' ')}\n${out}${err}`)
  return out
}

// Built and packed.
const stage = join(scratch, 'stage')
mkdirSync(stage)
must(process.execPath, [join(root, 'scripts/build.mjs'), join(stage, 'dist')], root)
for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].filter(file => existsSync(join(root, file)))) cpSync(join(root, file), join(stage, file))
const [packed] = JSON.parse(must('npm', ['pack', '--json', '--ignore-scripts'], stage)) as [{ filename: string; files: { path: string; mode: number }[] }]
const tarball = join(stage, packed.filename)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string; dependencies: Record<string, string> }

// Unpacked into an empty project.
const app = join(scratch, 'app')
const installed = join(app, 'node_modules/rivulet')
mkdirSync(installed, { recursive: true })
must('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], app)
mkdirSync(join(app, 'node_modules/@types'))
for (const name of [...Object.keys(manifest.dependencies), '@types/node']) symlinkSync(join(packages, name), join(app, 'node_modules', name))
writeFileSync(join(app, 'package.json'), '{ "type": "module" }')
for (const file of ['word-count.mjs', 'word-count.ts', 'state-on-disk.mjs']) cpSync(join(root, 'test/package', file), join(app, file))

const bin = (name: string, command = name): string => {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`)
  const { bin } = JSON.parse(readFileSync(path, 'utf8')) as { bin: string | Record<string, string> }
  return join(path, '..', typeof bin === 'string' ? bin : bin[command]!)
}
const rule = '-------------------------------------------'
const output = `[["be",2],["not",1],["or",1],["to",2]]\n${rule}\nTime: 1000 ms\n${rule}\n10\n20\n\n${rule}\nTime: 2000 ms\n${rule}\n30\n\n`

test('the tarball holds what users need and nothing else', () => {
  const paths = packed.files.map(file => file.path)
  assert.deepEqual(paths.filter(path => !/^(dist\/.*\.(js|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path)), [])
  assert.deepEqual(paths.filter(path => /\.(test|types|fixture)\./.test(path)), [])
  for (const path of ['dist/index.js', 'dist/index.d.ts', 'dist/testing/index.js', 'README.md', 'LICENSE', 'CHANGELOG.md']) assert.ok(paths.includes(path), path)
  assert.ok(packed.files.find(file => file.path === 'dist/cli/main.js')!.mode & 0o100, 'the command is executable')
})

test('no failpoint is built', () => {
  const files = globSync('dist/**/*', { cwd: installed }).filter(file => /\.(js|ts)$/.test(file))
  assert.deepEqual(files.filter(file => /failpoint/i.test(file + readFileSync(join(installed, file), 'utf8'))), [])
  assert.ok(files.length > 100)
})

test('publint finds nothing', async () => {
  assert.deepEqual((await publint({ pkgDir: installed, strict: true })).messages, [])
})

test('attw finds nothing', () => {
  const { code, out, err } = run(process.execPath, [bin('@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'], stage)
  assert.equal(code, 0, out + err)
})

for (const [module, moduleResolution] of [['nodenext', 'nodenext'], ['esnext', 'bundler']] as const) {
  for (const typescript of ['oldest/node_modules/typescript', 'typescript', 'newest/node_modules/typescript']) {
    test(`compiles with ${typescript}, moduleResolution ${moduleResolution} and skipLibCheck off`, () => {
      const options = ['--module', module, '--moduleResolution', moduleResolution, '--target', 'es2022', '--strict', '--skipLibCheck', 'false', '--types', 'node']
      const outDir = `compiled-${moduleResolution}-${typescript.split('/')[0]}`
      must(process.execPath, [bin(typescript, 'tsc'), ...options, '--outDir', outDir, 'word-count.ts'], app)
      assert.deepEqual(run(process.execPath, [`${outDir}/word-count.js`], app), { code: 0, out: output, err: '' })
    })
  }
}

const nodes = [process.execPath, join(packages, 'oldest/node_modules/node/bin/node')]
for (const node of nodes) {
  const version = existsSync(node) ? must(node, ['--version'], scratch).trim() : 'v22'
  const skip = existsSync(node) ? false : 'Node 22 (test/package/oldest) was installed without its install script'
  // Node 22 announces that it strips types; that line is Node's, not ours.
  const quiet = version.startsWith('v22') ? { NODE_OPTIONS: '--disable-warning=ExperimentalWarning' } : {}
  for (const file of ['word-count.mjs', 'word-count.ts']) {
    test(`${file} runs on ${version}`, { skip }, () => {
      assert.deepEqual(run(node, [file], app, quiet), { code: 0, out: output, err: '' })
    })
  }
  test(`state on disk on ${version}`, { skip }, () => {
    assert.deepEqual(run(node, ['state-on-disk.mjs'], app), { code: 0, out: '[["a",1],["b",1]]\n[["a",2],["b",1]]\n[["a",3],["b",2]]\n', err: '' })
    assert.equal(run(node, ['--no-experimental-sqlite', 'state-on-disk.mjs'], app).out, 'RIV_STATE_SQLITE\n')
  })
  test(`the command runs on ${version}`, { skip }, () => {
    const command = join(installed, 'dist/cli/main.js')
    const path = { PATH: `${join(node, '..')}:${process.env.PATH}` }
    assert.deepEqual(run(command, ['--version'], app, path), { code: 0, out: `${manifest.version}\n`, err: '' })
    assert.deepEqual(run(command, ['run', 'word-count.ts'], app, { ...path, ...quiet }), { code: 0, out: output, err: '' })
    const refused = run(command, ['run', 'word-count.ts'], app, { ...path, NODE_OPTIONS: '--no-experimental-strip-types' })
    assert.match(refused.err, /RIV_CLI_TYPESCRIPT/)
    assert.equal(refused.code, 2)
  })
}
