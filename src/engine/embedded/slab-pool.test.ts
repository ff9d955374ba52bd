// The pool of slabs: reuse only when nothing can read a slab any more, one limit, nothing leaked; also against a model.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import type { Lease } from '../../wire/messages.ts'
import type { BlockRef } from '../../wire/slab/block-ref.ts'
import { allocateSlab, slabHeaderBytes, slabSize, SlabView } from '../../wire/slab/slab-view.ts'
import { SlabWriter } from '../../wire/slab/slab-writer.ts'
import type { NewSlab } from '../../wire/slab/slab-writer.ts'
import { SlabPool } from './slab-pool.ts'

process.env['RIVULET_TEST_POISON'] = '1' // read by each pool that is made

/** A pool with its tasks, as the block store has them. */
class Harness {
  #lastStarted = 0
  readonly running: number[] = []
  readonly #reads = new Map<number, readonly number[]>()
  readonly dropped: number[] = []
  readonly pool: SlabPool

  constructor(maxBytes = 100 * slabSize, giveUp: () => boolean = () => false) {
    this.pool = new SlabPool({ maxBytes, onDrop: slab => this.dropped.push(slab), giveUp })
  }

  /** Begins a task that reads some blocks. */
  start(reads: readonly BlockRef[] = []): number {
    const task = ++this.#lastStarted
    const slabs = [...new Set(reads.map(ref => ref.slab))]
    this.running.push(task)
    this.#reads.set(task, slabs)
    this.pool.beginRead(slabs)
    return task
  }

  end(task: number): void {
    this.running.splice(this.running.indexOf(task), 1)
    this.pool.endRead(this.#reads.get(task)!)
  }

  /** Writes a block of `bytes` into a leased slab and makes it live. */
  write(lease: Lease, bytes: number): BlockRef {
    const view = this.pool.view(lease.slab)
    const ref: BlockRef = { slab: lease.slab, generation: lease.generation, offset: lease.offset, bytes, count: 1 }
    view.bytes.fill(1, ref.offset, ref.offset + bytes)
    this.pool.wrote(lease, ref.offset + bytes)
    this.pool.retain(ref)
    return ref
  }
}

const made = (temporary: number, bytes = 0): NewSlab => ({ temporary, memory: allocateSlab(bytes), used: slabHeaderBytes + bytes })
const full = slabSize - slabHeaderBytes

test('a lease is kept while it has room, and then exchanged', () => {
  const { pool, ...rest } = new Harness()
  const first = pool.lease(undefined, false)
  assert.equal(first.offset, slabHeaderBytes)
  pool.wrote(first, 1_000)
  const second = pool.lease(first, false)
  assert.deepEqual(second, { ...first, offset: 1_000 })
  pool.wrote(second, slabSize - 1_000)
  pool.retain({ slab: first.slab, generation: first.generation, offset: slabHeaderBytes, bytes: 8, count: 1 })
  assert.notEqual(pool.lease(second, false).slab, first.slab)
  assert.equal(pool.bytes, 2 * slabSize)
  assert.deepEqual(rest.dropped, [])
})

test('a slab with room is leased again when its lease ends, behind what it holds', () => {
  const harness = new Harness()
  const { pool } = harness
  const lease = pool.lease(undefined, false)
  harness.write(lease, 4_096)
  pool.endLease(lease)
  assert.deepEqual(pool.lease(undefined, false), { ...lease, offset: lease.offset + 4_096 })
})

test('blocks that stay and blocks that do not are never in one slab', () => {
  const harness = new Harness()
  const { pool } = harness
  const [output, kept] = [pool.lease(undefined, false), pool.lease(undefined, true)]
  harness.write(output, 8)
  harness.write(kept, 8)
  pool.endLease(output)
  pool.endLease(kept)
  const ids = pool.adopt([{ ...made(-1, 8), kept: true }, made(-2, 8)])
  for (const slab of ids.values()) { pool.retain({ slab, generation: 1, offset: slabHeaderBytes, bytes: 8, count: 1 }); pool.endLease({ slab }) }
  assert.deepEqual(new Set([pool.lease(undefined, true).slab, pool.lease(undefined, true).slab]), new Set([kept.slab, ids.get(-1)!]))
  assert.deepEqual(new Set([pool.lease(undefined, false).slab, pool.lease(undefined, false).slab]), new Set([output.slab, ids.get(-2)!]))
})

test('a slab without live blocks waits for the tasks that read it, and for no others', () => {
  const harness = new Harness()
  const { pool } = harness
  const lease = pool.lease(undefined, false)
  const ref = harness.write(lease, full)
  pool.endLease(lease)
  const [task, other] = [harness.start([ref]), harness.start()]
  assert.equal(pool.isUnread([ref]), false)
  pool.release(ref)
  assert.notEqual(pool.lease(undefined, false).slab, lease.slab, 'the task may still read it')
  assert.equal(pool.view(lease.slab).read(ref)[0], 1)
  harness.end(task)
  const again = pool.lease(undefined, false)
  assert.equal(again.slab, lease.slab)
  assert.equal(again.generation, lease.generation + 1)
  assert.equal(again.offset, slabHeaderBytes)
  harness.end(other)
})

test('a handle to a reused slab is stale, and its memory was destroyed', () => {
  const harness = new Harness()
  const { pool } = harness
  const lease = pool.lease(undefined, false)
  const ref = harness.write(lease, full)
  pool.endLease(lease)
  const view = new SlabView(lease.slab, pool.memory(lease.slab)) // as another thread has it
  pool.release(ref)
  assert.throws(() => view.read(ref), { code: 'RIV_BLOCK_STALE' })
  assert.ok(view.bytes.subarray(ref.offset).every(byte => byte === 0xdb))
  assert.throws(() => pool.retain(ref), /current/)
  assert.throws(() => pool.release(ref), /released once/)
})

test('a leased slab is not reused, even when its blocks are gone', () => {
  const harness = new Harness()
  const { pool } = harness
  const lease = pool.lease(undefined, false)
  pool.release(harness.write(lease, 64))
  assert.equal(pool.view(lease.slab).generation(), lease.generation)
  assert.equal(pool.lease(lease, false).offset, slabHeaderBytes + 64)
  pool.endLease(lease)
  assert.equal(pool.view(lease.slab).generation(), lease.generation + 1)
})

test('slabs made by a task are taken over; larger ones are given back when their block goes', () => {
  const harness = new Harness()
  const { pool } = harness
  const ids = pool.adopt([made(-1, 100), made(-2, 5 * slabSize)])
  assert.equal(pool.bytes, 9 * slabSize)
  const refs = [...ids.values()].map(slab => ({ slab, generation: 1, offset: slabHeaderBytes, bytes: 100, count: 1 }))
  refs.forEach(ref => pool.retain(ref))
  for (const slab of ids.values()) pool.endLease({ slab })
  assert.equal(pool.liveBlocks, 2)
  refs.forEach(ref => pool.release(ref))
  assert.equal(pool.liveBlocks, 0)
  assert.equal(pool.bytes, slabSize)
  assert.deepEqual(harness.dropped, [ids.get(-2)])
})

test('at the limit spare slabs go first, then it is an error that changes nothing', () => {
  const harness = new Harness(4 * slabSize)
  const { pool } = harness
  const leases = [1, 2, 3].map(() => pool.lease(undefined, false))
  leases.forEach(lease => pool.endLease(lease))
  assert.equal(pool.bytes, 3 * slabSize)
  const ids = pool.adopt([made(-1), made(-2), made(-3)])
  assert.equal(pool.bytes, 4 * slabSize)
  assert.equal(harness.dropped.length, 2)
  assert.throws(() => pool.adopt([made(-1), made(-2)]), { code: 'RIV_BLOCK_MEMORY', message: /limit|memory\.blocks/ })
  assert.equal(pool.bytes, 4 * slabSize)
  const last = pool.lease(undefined, false)
  assert.throws(() => pool.lease(undefined, false), { code: 'RIV_BLOCK_MEMORY' })
  pool.endLease(last)
  for (const slab of ids.values()) pool.endLease({ slab })
  assert.equal(pool.lease(undefined, false).slab > 0, true)
})

test('slabs that only wait for tasks do not count at the limit', () => {
  const harness = new Harness(slabSize)
  const { pool } = harness
  const lease = pool.lease(undefined, false)
  const ref = harness.write(lease, full)
  pool.endLease(lease)
  const tasks = [harness.start([ref]), harness.start([ref])]
  assert.throws(() => pool.lease(undefined, false), { code: 'RIV_BLOCK_MEMORY' })
  pool.release(ref)
  const next = pool.lease(undefined, false)
  assert.equal(pool.bytes, 2 * slabSize)
  tasks.forEach(task => harness.end(task))
  pool.endLease(next)
  pool.endLease(pool.lease(undefined, false))
  assert.throws(() => pool.adopt([made(-1), made(-2)]), { code: 'RIV_BLOCK_MEMORY' })
  assert.equal(pool.adopt([made(-1)]).size, 1)
  assert.equal(pool.bytes, slabSize, 'the limit holds again')
})

test('at the limit blocks are given up, one group after the other, as many as are needed', () => {
  const refs: BlockRef[] = []
  const harness = new Harness(4 * slabSize, () => {
    const ref = refs.shift()
    if (ref !== undefined) harness.pool.release(ref)
    return ref !== undefined
  })
  const { pool } = harness
  for (let i = 0; i < 4; i++) {
    const lease = pool.lease(undefined, false)
    refs.push(harness.write(lease, full))
    pool.endLease(lease)
  }
  assert.equal(pool.lease(undefined, false).generation, 2, 'the first slab, again')
  assert.equal(refs.length, 3)
  assert.equal(pool.adopt([made(-1), made(-2)]).size, 2)
  assert.equal(refs.length, 1)
  assert.equal(pool.bytes, 4 * slabSize)
  assert.equal(pool.keptLease(undefined, new Set()) !== undefined, true)
  assert.equal(pool.keptLease(undefined, new Set()), undefined, 'nothing is left to give up')
  assert.throws(() => pool.lease(undefined, false), { code: 'RIV_BLOCK_MEMORY' })
})

test('a lease that cannot be exchanged is still held', () => {
  const { pool } = new Harness(slabSize)
  const lease = pool.lease(undefined, false)
  pool.wrote(lease, slabSize)
  assert.throws(() => pool.lease(lease, false), { code: 'RIV_BLOCK_MEMORY' })
  assert.equal(pool.view(lease.slab).generation(), lease.generation)
  pool.endLease(lease)
  assert.equal(pool.lease(undefined, false).generation, lease.generation + 1)
})

/** What is known of a block in the model: its bytes must be there as long as it is live or a task that may read it runs. */
interface Known { readonly ref: BlockRef; readonly kept: boolean; readonly fill: number; live: boolean; readers: number[] }

type Action = { readonly do: 'start' | 'end' | 'write' | 'release' | 'endLease' | 'adopt'; readonly pick: number; readonly kept: boolean; readonly bytes: number }

test('random histories: nobody loses a block that may still be read, nothing leaks', () => {
  const sizes = fc.constantFrom(8, 1_000, slabSize >> 1, full, slabSize + 8)
  const action: fc.Arbitrary<Action> = fc.record({ do: fc.constantFrom('start', 'end', 'write', 'write', 'release', 'release', 'endLease', 'adopt'), pick: fc.nat(), kept: fc.boolean(), bytes: sizes })
  fc.assert(fc.property(fc.array(action, { maxLength: 60 }), actions => {
    const harness = new Harness()
    const { pool } = harness
    const leases: (Lease | undefined)[] = [undefined, undefined]
    const blocks: Known[] = []
    let fill = 0
    const check = (): void => {
      for (const { ref, fill, live, readers } of blocks) {
        if (!live && !readers.some(task => harness.running.includes(task))) continue
        const bytes = pool.view(ref.slab).read(ref)
        assert.ok(bytes[0] === fill && bytes[bytes.length - 1] === fill, 'a block that may be read has its bytes')
      }
      const live = blocks.filter(block => block.live)
      assert.equal(pool.liveBlocks, live.length)
      const kindOf = new Map(live.map(({ ref, kept }) => [ref.slab, kept]))
      assert.ok(live.every(({ ref, kept }) => kindOf.get(ref.slab) === kept), 'a slab holds blocks of one kind')
    }
    for (const { do: what, pick, kept, bytes } of actions) {
      const of = <T>(list: readonly T[]): T | undefined => list[pick % Math.max(1, list.length)]
      if (what === 'start') {
        const reads = blocks.filter((block, i) => block.live && (i + pick) % 2 === 0)
        const task = harness.start(reads.map(({ ref }) => ref))
        for (const block of reads) block.readers.push(task)
      } else if (what === 'end') {
        const task = of(harness.running)
        if (task !== undefined) harness.end(task)
      } else if (what === 'write') {
        const lease = (leases[Number(kept)] = pool.lease(leases[Number(kept)], kept))
        const writer = new SlabWriter({ view: pool.view(lease.slab), offset: lease.offset }, () => -1)
        fill = (fill % 200) + 1
        writer.reserve(bytes).fill(fill)
        const ref = writer.commit(bytes, 1)
        const { offset, newSlabs } = writer.finish()
        pool.wrote(lease, offset)
        const ids = pool.adopt(newSlabs.map(slab => ({ ...slab, kept })))
        const real = { ...ref, slab: ids.get(ref.slab) ?? ref.slab }
        pool.retain(real)
        for (const slab of ids.values()) pool.endLease({ slab })
        blocks.push({ ref: real, kept, fill, live: true, readers: [] })
      } else if (what === 'release') {
        const block = of(blocks.filter(known => known.live))
        if (block) { block.live = false; pool.release(block.ref) }
      } else if (what === 'endLease') {
        const lease = leases[Number(kept)]
        if (lease) pool.endLease(lease)
        leases[Number(kept)] = undefined
      } else {
        for (const slab of pool.adopt([{ ...made(-1), kept }]).values()) pool.endLease({ slab }) // of a task that failed
      }
      check()
    }
    for (const block of blocks) if (block.live) pool.release(block.ref)
    for (const lease of leases) if (lease) pool.endLease(lease)
    while (harness.running.length > 0) harness.end(harness.running[0]!)
    pool.endLease(pool.lease(undefined, false))
    assert.equal(pool.liveBlocks, 0)
    assert.ok(pool.bytes <= 17 * slabSize, 'what is not spare was given back')
  }), { numRuns: 60 })
})
