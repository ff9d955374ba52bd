// The benchmarks of RDD jobs run and agree with what is written by hand, on small data. What they measure is not looked at.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { batchWorkloads } from '../bench/batch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

async function run(...flags: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', './scripts/self.mjs', 'bench/main.ts', ...flags], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_TEST_CONTEXT: '' } })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })
  const [code] = await once(child, 'close') as [number | null]
  return { code, stdout, stderr }
}

for (const workload of batchWorkloads) {
  test(workload, async () => {
    const { code, stdout, stderr } = await run(workload, '--rdd', '--megabytes', '1', '--records', '20000', '--rounds', '1', '--cores', '2', '--json')
    assert.deepEqual([code, stderr], [0, ''])
    const result = JSON.parse(stdout) as Record<string, number>
    assert.ok(result.rivulet! > 0 && result.handWritten! > 0 && result.ratio! > 0 && result.cpuRatio! > 0, stdout)
  })
}

test('a benchmark that does not exist', async () => {
  const { code, stderr } = await run('nothing')
  assert.equal(code, 1)
  assert.match(stderr, /there is no benchmark nothing/)
})
