// Compiles src/ to dist/, or to the folder given, with plain tsc; from scratch, so that no deleted file survives. Failpoints are taken out.
import { spawnSync } from 'node:child_process'
import { chmodSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = resolve(process.argv[2] ?? join(root, 'dist'))
rmSync(out, { recursive: true, force: true })
const tsc = join(root, 'node_modules/typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', out], { cwd: root, stdio: 'inherit' })
if (status === 0) {
  chmodSync(join(out, 'cli/main.js'), 0o755)
  removeFailpoints()
}
process.exit(status ?? 1)

function removeFailpoints() {
  for (const file of ['base/failpoint.js', 'base/failpoint.d.ts']) rmSync(join(out, file), { force: true })
  for (const file of globSync('**/*.js', { cwd: out })) {
    const text = readFileSync(join(out, file), 'utf8')
    const without = text.replace(/^ *failpoint\(.*\);\n|^import { failpoint } from .*\n/gm, '')
    if (/failpoint\(/.test(without)) throw new Error(`${file}: a failpoint is not a statement on a line of its own`)
    if (without !== text) writeFileSync(join(out, file), without)
  }
}
