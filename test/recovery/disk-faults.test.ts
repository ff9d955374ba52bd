// Disks that are full or read-only, with whole programs: they end with a code that says so, and go on when there is room again; nothing is lost.
//
// The disk is a file system in memory that only a shell and its children see: for this the tests need Linux, and the right to mount.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after, describe } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkOutputs } from './check-outputs.fixture.ts'
import { batchMs, type Outcome, type Plan } from './plan.fixture.ts'

const program = fileURLToPath(new URL('driver.fixture.ts', import.meta.url))
const self = new URL('../../scripts/self.mjs', import.meta.url).href
const root = mkdtempSync(join(tmpdir(), 'rivulet-disk-faults-'))
after(() => rmSync(root, { recursive: true }))
const skip = process.platform !== 'linux' || spawnSync('unshare', ['-m', 'sh', '-c', `mount -t tmpfs -o size=64k none '${root}'`]).status !== 0
const diskKiB = 4096

interface Case { readonly source: Plan['source']; readonly durability: Plan['durability']; readonly place: 'checkpoint' | 'text' }

/** Runs shell commands on a small disk; `life` in them is one life of the program, which tells its code and complaints. Gives what each told, and the plan. */
function onSmallDisk({ source, durability, place }: Case, commands: readonly string[]): { readonly lives: { readonly code: number; readonly complaints: string }[]; readonly plan: Plan } {
  const folder = join(root, `${source} ${durability} ${place} ${commands.length}`)
  const plan: Plan = { folder, source, operations: ['state', 'inverse', 'mapped'], master: 'inline', durability, stateStore: 'memory', keep: 0, clock: 'manual', batches: 20, graceful: true, port: 0 }
  const disk = join(folder, place)
  mkdirSync(disk, { recursive: true })
  writeFileSync(join(folder, 'life.sh'), `"${process.execPath}" --import '${self}' '${program}' '${JSON.stringify(plan)}' > /dev/null 2> '${folder}/complaints'; echo "code $?"; cat '${folder}/complaints'; echo end of life\n`)
  const script = [`mount -t tmpfs -o size=${diskKiB}k none '${disk}'`, `cd '${disk}'`, `life() { sh '${folder}/life.sh'; }`, ...commands, `cp -r . '${folder}/copy'`].join('\n')
  const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-e', '-c', script], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
  rmSync(disk, { recursive: true })
  cpSync(join(folder, 'copy'), disk, { recursive: true })
  const lives = stdout.split('end of life\n').slice(0, -1).map(life => ({ code: Number(/code (\d+)/.exec(life)![1]), complaints: life }))
  return { lives, plan }
}

/** Asserts that all lives together put out what one would have that had room; gives the time of the last batch. */
function check(plan: Plan): number {
  const lines = (name: string, end: string): string[] => (existsSync(join(plan.folder, name)) ? readFileSync(join(plan.folder, name), 'utf8').split('\n').filter(line => line.endsWith(end)) : [])
  const outcomes = lines('outputs.jsonl', '}').map(line => JSON.parse(line) as Outcome)
  const lastMs = Math.max(...outcomes.map(({ time }) => time))
  checkOutputs(plan, { outcomes, saved: undefined, acknowledged: lines('acknowledged', '.').map(Number), journalled: new Map(), keepsAll: false, lastMs })
  return lastMs
}

/** Leaves so many KiB of room. */
const fill = (left: number): string => `head -c $(( ($(df --output=avail -k . | tail -1) - ${left}) * 1024 )) /dev/zero >> filler`

const cases: readonly Case[] = [
  { source: 'replay', durability: 'process', place: 'checkpoint' }, { source: 'receiver', durability: 'power', place: 'checkpoint' }, { source: 'files', durability: 'process', place: 'checkpoint' },
  { source: 'replay', durability: 'process', place: 'text' },
]

describe('a disk that is full', { skip }, () => {
  for (const each of cases) test(`${each.place}, ${each.source}, ${each.durability}`, () => {
    const { lives, plan } = onSmallDisk(each, ['life', fill(8), 'life', 'life', fill(0), 'life', 'rm filler', 'life'])
    assert.deepEqual(lives.map(({ code }) => code), [0, 1, 1, 1, 0], lives.map(({ complaints }) => complaints).join('\n'))
    for (const { complaints } of lives.slice(1, 4)) assert.match(complaints, /RIV_FILE_FULL/)
    assert.ok(check(plan) >= 1_000_000 + 40 * batchMs)
  })
})

describe('a disk that may not be written', { skip }, () => {
  for (const each of cases.filter(({ source }) => source === 'replay')) test(`${each.place}, ${each.source}, ${each.durability}`, () => {
    const { lives, plan } = onSmallDisk(each, ['life', `mount -o remount,ro "$PWD"`, 'life', `mount -o remount,rw "$PWD"`, 'life'])
    assert.deepEqual(lives.map(({ code }) => code), [0, 1, 0], lives.map(({ complaints }) => complaints).join('\n'))
    assert.match(lives[1]!.complaints, /RIV_FILE_ACCESS/)
    check(plan)
  })
})
