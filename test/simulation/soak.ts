// Many seeds, on all cores: `npm run soak -- simulation --seeds 10000 --from 0`. Says how far it is, and what failed and how to see it again.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { replayOf, runSeeds } from './run-seeds.fixture.ts'

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10000' }, from: { type: 'string', default: '0' }, processes: { type: 'string', default: String(availableParallelism()) } } })
const from = Number(values.from)
const to = from + Number(values.seeds)
const everyMs = 5_000
const start = performance.now()
let lastMs = start
const { ran, batches, failures, events, cpuMs } = await runSeeds({
  from, to, processes: Number(values.processes),
  onSeed: ({ seed, failure }, soFar) => {
    if (failure !== undefined) console.log(`\nseed ${seed} FAILS: ${replayOf(seed)}\n${failure}\n`)
    const now = performance.now()
    if (now - lastMs < everyMs) return
    lastMs = now
    console.log(`${soFar.ran} of ${to - from} seeds, ${((now - start) / 1_000).toFixed(0)} s, ${(soFar.cpuMs / soFar.ran).toFixed(1)} ms of processor time each, ${soFar.failures.length} failed`)
  },
})
console.log([...events].sort(([, a], [, b]) => b - a).map(([event, seeds]) => `${String(seeds).padStart(8)} ${event}`).join('\n'))
console.log(`${ran} seeds (${from} to ${to - 1}), ${batches} batches: ${((performance.now() - start) / 1_000).toFixed(1)} s, ${(cpuMs / ran).toFixed(1)} ms of processor time a seed, ${failures.length} failed`)
for (const { seed } of failures) console.log(`seed ${seed}: ${replayOf(seed)}`)
process.exitCode = failures.length > 0 ? 1 : 0
