// Restarts: how many, after which pause.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RestartPolicy } from './restart-policy.ts'

const cases: [name: string, limits: [maxRestarts: number, window: number, backoff: number], failuresAt: number[], pauses: (number | 'give up')[]][] = [
  ['no restarts at all', [0, 1_000, 10], [0], ['give up']],
  ['the pause doubles, then it is given up', [3, 1_000, 10], [0, 1, 2, 3], [10, 20, 40, 'give up']],
  ['restarts before the window do not count', [2, 100, 10], [0, 50, 120, 160, 165], [10, 20, 20, 20, 'give up']],
  ['a program that ran for the window starts afresh', [5, 100, 10], [0, 1, 2, 103], [10, 20, 40, 10]],
  ['the pause is a minute at most', [9, 1e9, 30_000], [0, 1, 2, 3], [30_000, 60_000, 60_000, 60_000]],
  ['a longer first pause is kept', [9, 1e9, 90_000], [0, 1], [90_000, 90_000]],
]
for (const [name, [maxRestarts, window, backoff], failures, expected] of cases) {
  test(name, () => {
    const policy = new RestartPolicy({ maxRestarts, window, backoff })
    assert.deepEqual(failures.map(at => policy.judge(at)).map(verdict => (verdict === 'give up' ? verdict : verdict.afterMs)), expected)
  })
}
