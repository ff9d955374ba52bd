// Reads the journal of any checkpoint directory, from a copy, and says where it breaks the rules of checkpointer.ts.
//
// R1, R2 and R4 are about what is durable before something happens outside; what happened is given to the checker. R3 is in the journal itself.

import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { FileSystem } from '../../src/storage/file-system.ts'
import { localFileSystem } from '../../src/storage/local-file-system.ts'
import { FileJournal } from '../../src/storage/journal/file-journal.ts'
import type { BlockRecord, CompletedRecord, DeltaRecord, InputsRecord, StartRecord } from '../../src/streaming/checkpoint/records.ts'

/** What a journal holds. */
export interface JournalContents {
  readonly starts: readonly StartRecord[]
  /** By input and number, the bytes of each block. */
  readonly blocks: ReadonlyMap<string, Uint8Array>
  /** By batch, its inputs. */
  readonly inputs: ReadonlyMap<number, InputsRecord['inputs']>
  readonly completed: ReadonlySet<number>
}

/** What came of a journal outside. */
export interface Seen {
  /** The last batch of which something was put out. */
  readonly lastOutputMs?: number
  /** The last offset that the source `sourceStream#0` was told to be done. */
  readonly lastCommitted?: number
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Reads a copy of it and asserts the rules. */
export async function checkJournal(checkpoint: string, batchMs: number, seen: Seen = {}): Promise<JournalContents> {
  const copy = await mkdtemp(join(tmpdir(), 'rivulet-rules-'))
  try {
    await cp(join(checkpoint, 'journal'), join(copy, 'journal'), { recursive: true })
    return await checkRules(localFileSystem, join(copy, 'journal'), batchMs, seen)
  } finally {
    await rm(copy, { recursive: true })
  }
}

/** Reads a journal that nobody goes on with, and asserts the rules. */
export async function checkRules(fs: FileSystem, journal: string, batchMs: number, { lastOutputMs, lastCommitted }: Seen = {}): Promise<JournalContents> {
  const contents = await read(fs, journal, batchMs)
  const { inputs, completed } = contents
  if (lastOutputMs !== undefined) assert.ok(inputs.has(lastOutputMs) || lastOutputMs <= Math.max(...completed), `R2: batch ${lastOutputMs} was put out, its inputs are not durable`)
  if (lastCommitted !== undefined) {
    const done = Math.max(...[...completed].map(timeMs => (inputs.get(timeMs)?.['sourceStream#0'] as { to: number } | undefined)?.to ?? Infinity))
    assert.ok(lastCommitted <= done, `R4: the source was told ${lastCommitted}, complete is ${done}`)
  }
  return contents
}

async function read(fs: FileSystem, directory: string, batchMs: number): Promise<JournalContents> {
  const starts: StartRecord[] = []
  const blocks = new Map<string, Uint8Array>()
  const unread: Promise<unknown>[] = []
  const numbers = new Map<string, number>()
  const inputs = new Map<number, InputsRecord['inputs']>()
  const taken = new Map<string, number>()
  const completed = new Set<number>()
  const deltas = new Set<string>()
  /** The last batch whose inputs were fixed in this run, and the last one that completed. */
  let [lastFixed, lastCompleted] = [-Infinity, -Infinity]
  const isPruned = (timeMs: number): boolean => timeMs < (inputs.keys().next().value ?? Infinity)
  const journal = await FileJournal.open({
    fs, directory, durability: 'process', log: quiet,
    onRecord({ kind, data, blocks: stored }) {
      switch (kind) {
        case 'start': {
          const start = data as StartRecord
          assert.ok(inputs.size === 0 || starts.at(-1)?.zeroMs === start.zeroMs, 'the first batch of all stays what it was')
          for (const [input, next] of Object.entries(start.nextBlock)) {
            assert.equal(next, (numbers.get(input) ?? next - 1) + 1, 'a start tells the next block')
            numbers.set(input, next - 1)
          }
          starts.push(start)
          return
        }
        case 'block': {
          const { input, number } = data as BlockRecord
          assert.equal(number, (numbers.get(input) ?? number - 1) + 1, 'blocks are numbered without a gap')
          numbers.set(input, number)
          unread.push(stored[0]!.read().then(bytes => blocks.set(`${input} ${number}`, bytes)))
          return
        }
        case 'inputs': {
          const { timeMs, inputs: now } = data as InputsRecord
          const before = inputs.get(timeMs)
          assert.ok(!completed.has(timeMs), `batch ${timeMs} is complete and runs again`)
          assert.ok(before === undefined || isDeepStrictEqual(before, now), `batch ${timeMs} runs again on other inputs`)
          if (before === undefined && inputs.size > 0 && !isPruned(timeMs)) assert.ok(inputs.has(timeMs - batchMs), `batch ${timeMs} has none before it`)
          assert.ok(timeMs === lastFixed + batchMs || timeMs === lastCompleted + batchMs || lastFixed === -Infinity || lastCompleted === -Infinity, `batch ${timeMs} comes after ${lastFixed}, ${lastCompleted} is complete`)
          for (const [input, blocksOfInput] of Object.entries(now)) {
            if (!Array.isArray(blocksOfInput)) continue
            for (const number of blocksOfInput as number[]) {
              assert.ok((numbers.get(input) ?? -1) >= number, `block ${number} is in a batch before it is in the journal`)
              const of = taken.get(`${input} ${number}`)
              assert.ok(of === undefined || of === timeMs, `block ${number} is in the batches ${of} and ${timeMs}`)
              taken.set(`${input} ${number}`, timeMs)
            }
          }
          inputs.set(timeMs, now)
          lastFixed = timeMs
          return
        }
        case 'delta': {
          const { timeMs, operator } = data as DeltaRecord
          assert.ok(inputs.has(timeMs) || isPruned(timeMs), `R3: a delta of ${operator} comes before the inputs of ${timeMs}`)
          assert.ok(!completed.has(timeMs), `R3: a delta of ${operator} comes after batch ${timeMs} is complete`)
          deltas.add(`${operator} ${timeMs}`)
          return
        }
        case 'completed': {
          const { timeMs } = data as CompletedRecord
          assert.ok(inputs.has(timeMs) || isPruned(timeMs), `R3: batch ${timeMs} is complete without inputs`)
          assert.ok(lastCompleted === -Infinity || timeMs === lastCompleted + batchMs, `R3: batch ${timeMs} completes after ${lastCompleted}`)
          for (const { id } of starts.at(-1)!.operators) { // one that advances in every batch
            const before = [timeMs - batchMs, timeMs - 2 * batchMs]
            if (before.every(ms => deltas.has(`${id} ${ms}`))) assert.ok(deltas.has(`${id} ${timeMs}`), `R3: batch ${timeMs} is complete without the delta of ${id}`)
          }
          completed.add(timeMs)
          lastCompleted = timeMs
        }
      }
    },
  })
  await Promise.all(unread)
  await journal.close()
  return { starts, blocks, inputs, completed }
}
