// The environments in which the closure suite runs: how user code is compiled, and how it is started.
//
// - Each is built below .cache (so that packages of the repository resolve), from test/fixtures/closures.
// - `differs` lists the cases that are known to end otherwise there, and why; anything else must pass.

import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import ts from 'typescript'
import { hangMs } from '../../src/base/hang.fixture.ts'
import type { SuiteResult } from './run-suite.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const fixtures = join(root, 'test/fixtures/closures')
export const harness = pathToFileURL(join(root, 'test/closures/harness.ts')).href

/** Cases that any tool can take, those that need a TypeScript compiler, and those that need ES modules. */
const common = ['cases-functions', 'cases-classes', 'cases-values', 'cases-modules', 'cases-refused']
const typescript = 'cases-typescript'
const esm = 'cases-import-meta'

export interface Environment {
  readonly name: string
  readonly type: 'module' | 'commonjs'
  readonly cases: readonly string[]
  readonly compile?: (dir: string, main: string) => Promise<string>
  readonly run?: (dir: string, main: string) => Promise<SuiteResult>
  readonly flags?: readonly string[]
  readonly options?: object
  readonly differs?: Readonly<Record<string, RegExp>>
}

const keepNames: Readonly<Record<string, RegExp>> = { 'names of inner functions': /in the worker \[2,2,"","deep",1,"Q"\]/ }

export const environments: readonly Environment[] = [
  { name: 'Node, types stripped', type: 'module', cases: [...common, esm] },
  { name: 'Node, ES modules', type: 'module', cases: [...common, typescript, esm], compile: (dir, main) => transpile(dir, main, { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 }) },
  {
    name: 'tsc, CommonJS, ES2015', type: 'commonjs', cases: [...common, typescript], compile: (dir, main) => transpile(dir, main, { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2015 }),
    differs: { 'instance with #private': /not refused/ }, // private fields are a WeakMap there, which travels
  },
  { name: 'tsx, ES modules', type: 'module', cases: [...common, typescript, esm], flags: ['--import', 'tsx'], differs: keepNames },
  { name: 'tsx, CommonJS', type: 'commonjs', cases: [...common, typescript], flags: ['--import', 'tsx'], differs: keepNames },
  { name: 'tsx, user modules by value', type: 'module', cases: [...common, typescript, esm], flags: ['--import', 'tsx'], options: { userModules: 'value' }, differs: keepNames },
  { name: 'esbuild bundle, ES module', type: 'module', cases: [...common, typescript, esm], compile: (dir, main) => bundle(dir, main, { format: 'esm' }) },
  { name: 'esbuild bundle, CommonJS, minified', type: 'commonjs', cases: [...common, typescript], compile: (dir, main) => bundle(dir, main, { format: 'cjs', minify: true, sourcemap: true }) },
  { name: 'an inspector attached', type: 'module', cases: [...common, esm], flags: ['--inspect=0'] },
  { name: 'node:test', type: 'module', cases: [...common, esm], run: (dir, main) => runAsTest(dir, main, 'node:test', ['--test', 'suite.test.ts']) },
  { name: 'vitest, forks', type: 'module', cases: [...common, esm], run: (dir, main) => runVitest(dir, main, 'forks') },
  { name: 'vitest, threads', type: 'module', cases: [...common, esm], run: (dir, main) => runVitest(dir, main, 'threads') },
]

/** A folder for builds, with the packages of the suite; the caller removes it. */
export function scratchFolder(): string {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const dir = mkdtempSync(join(root, '.cache/closures-'))
  cpSync(join(fixtures, 'packages'), join(dir, 'node_modules'), { recursive: true })
  return dir
}

export function removeFolder(dir: string): void {
  rmSync(dir, { recursive: true, force: true })
}

/** The suite in a folder of its own, with a program that runs it. */
export function suiteFolder(scratch: string, { name, type, cases, options }: Environment): { dir: string; main: string } {
  const dir = join(scratch, name.replace(/\W+/g, '-'))
  cpSync(join(fixtures, 'suite'), dir, { recursive: true })
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ type }))
  const main = join(dir, 'main.ts')
  writeFileSync(main, [...cases.map(file => `import './${file}.ts'`), "import { cases } from './table.ts'", `void globalThis.runClosureSuite(cases, ${JSON.stringify(options ?? {})})`, ''].join('\n'))
  return { dir, main }
}

/** The result of the suite in an environment. */
export async function runEnvironment(scratch: string, environment: Environment): Promise<SuiteResult> {
  const { dir, main } = suiteFolder(scratch, environment)
  if (environment.run) return environment.run(dir, main)
  const program = environment.compile ? await environment.compile(dir, main) : main
  const { stdout } = await run([...(environment.flags ?? []), '--import', harness, program], dir)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as SuiteResult
}

/** The suite as a test file of a test runner. */
async function runAsTest(dir: string, main: string, testModule: string, command: readonly string[]): Promise<SuiteResult> {
  const result = join(dir, 'result.json')
  writeFileSync(join(dir, 'suite.test.ts'), `
    ${readFileSync(main, 'utf8').replace(/^void .*$/m, '')}
    import { writeFileSync } from 'node:fs'
    import { test } from '${testModule}'
    import { runSuite } from '${join(root, 'test/closures/run-suite.ts')}'
    test('the suite', { timeout: ${hangMs} }, async () => { writeFileSync('${result}', JSON.stringify(await runSuite(cases))) })
  `)
  await run(command, dir)
  return JSON.parse(readFileSync(result, 'utf8')) as SuiteResult
}

function runVitest(dir: string, main: string, pool: string): Promise<SuiteResult> {
  const config = { include: ['*.test.ts'], cache: false, fsModuleCache: false }
  // A program has this library from node_modules, where vitest leaves it alone.
  const ours = `${root.replace(/[^\w/]/g, '\\$&')}(src|test)/`
  writeFileSync(join(dir, 'vitest.config.mjs'), `export default { test: { ...${JSON.stringify(config)}, server: { deps: { external: [new RegExp(${JSON.stringify(ours)})] } } } }`)
  return runAsTest(dir, main, 'vitest', [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--pool', pool])
}

/** Runs Node; a failure has everything that was printed. With a `prompt`, each line of the input waits for it. */
export function run(args: readonly string[], cwd: string, input = '', prompt?: string): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined, FORCE_COLOR: undefined }, stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    const lines = prompt === undefined ? [] : input.split('\n')
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
      if (prompt === undefined || !stdout.endsWith(prompt)) return
      if (lines.length > 0) child.stdin.write(`${lines.shift()}\n`)
      else child.stdin.end()
    })
    child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve({ stdout, stderr }) : reject(new Error(`node ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`))))
    if (prompt === undefined) child.stdin.end(input)
  })
}

/** The files of the folder compiled one by one, without type checks. */
export function transpile(dir: string, main: string, compilerOptions: ts.CompilerOptions): Promise<string> {
  const settings = { ...compilerOptions, esModuleInterop: true, inlineSourceMap: true }
  for (const file of globSync('*.ts', { cwd: dir })) {
    const source = readFileSync(join(dir, file), 'utf8').replace(/(['"]\.\/[\w-]+)\.ts(['"])/g, '$1.js$2')
    const { outputText } = ts.transpileModule(source, { fileName: join(dir, file), compilerOptions: settings })
    writeFileSync(join(dir, file.replace(/ts$/, 'js')), outputText)
  }
  return Promise.resolve(main.replace(/ts$/, 'js'))
}

/** One file, packages and all. */
export async function bundle(dir: string, main: string, options: { format: 'esm' | 'cjs'; minify?: boolean; sourcemap?: boolean }): Promise<string> {
  const outfile = join(dir, 'out', options.format === 'esm' ? 'main.mjs' : 'main.cjs')
  await build({ ...options, entryPoints: [main], outfile, bundle: true, platform: 'node', target: 'node22', logLevel: 'error', absWorkingDir: dir })
  return outfile
}
