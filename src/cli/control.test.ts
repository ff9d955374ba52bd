// list, status, stop, savepoint: real programs, asked by real commands.

import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gone, Place, type Running } from './cli.fixture.ts'

const place = new Place()
after(() => place.close())

const stream = (options = '') => `
  import { Context, milliseconds, StreamingContext } from 'rivulet'
  const ssc = new StreamingContext(new Context(${options}), milliseconds(20))
  let n = 0
  ssc.fromAsyncIterable(async function* () { for (;;) { yield n++; await new Promise(done => setTimeout(done, 1)) } })
    .foreachRDD(async rdd => { const got = await rdd.count(); if (got > 0) console.log('got', got) })
  await ssc.start()
  await ssc.awaitTermination()
  console.log('made', n)
  console.log('ended')
`
const total = (running: Running): number => [...running.out.matchAll(/got (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0)
place.program('words.ts', stream())
place.program('named.ts', stream("{ appName: 'a name / with ä', master: 'inline' }"))

test('a program is listed by its name, tells its status, drains, and is gone from the list', async () => {
  assert.deepEqual(await place.run('list'), { code: 0, out: 'nothing is running\n', err: '' })
  const words = place.start('run', '--master', 'local[1]', 'words.ts')
  const named = place.start('run', 'named.ts')
  await Promise.all([words.until(/got/), named.until(/got/)])

  const table = await place.run('list')
  assert.match(table.out, /^APP +PID +STARTED +MASTER +STATE +LAST BATCH\na name \/ with ä +\d+ .* inline +running .*\nwords +\d+ +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +local\[1\] +running +\d\d:\d\d:\d\d \(\d+ records, \d+ ms\)\n$/)
  const json = JSON.parse((await place.run('list', '--json')).out) as { app: string; pid: number }[]
  assert.deepEqual(json.map(one => one.app), ['a name / with ä', 'words'])
  assert.match((await place.run('status', 'words')).out, /^app {9}words\npid {9}\d+\n[^]*master {6}local\[1\]\nstate {7}running\ninterval {4}20 ms\nbatches {5}\d+\n/)
  assert.equal((JSON.parse((await place.run('status', 'words', '--json')).out) as { pid: number }).pid, json[1]!.pid)

  const drained = await place.run('stop', 'words', '--drain')
  assert.equal(drained.code, 0)
  assert.match(drained.out, /^words has stopped: \d+ batches, \d+ records\n$/)
  assert.match(drained.err, /^stopping words \(process \d+\): last batch/)
  assert.equal(await words.ended, 0)
  const made = Number(/made (\d+)/.exec(words.out)![1])
  assert.ok(total(words) >= made - 1, `all that was received was put out: ${total(words)} of ${made}`)

  assert.match((await place.run('list')).out, /^APP.*\na name/)
  assert.equal((await place.run('stop', 'a name / with ä')).code, 0)
  assert.equal(await named.ended, 0)
  assert.match(named.out, /\nended\n$/)
  assert.deepEqual(await place.run('list'), { code: 0, out: 'nothing is running\n', err: '' })
})

test('a second program of the same name is refused and names the first; the first goes on', async () => {
  const first = place.start('run', 'words.ts')
  await first.until(/got/)
  const second = await place.run('run', 'words.ts')
  assert.equal(second.code, 1)
  assert.match(second.err, /a program named words is streaming already, in process \d+ .*RIV_CONTROL_NAME/s)
  const other = place.start('run', '--conf', 'spark.app.name=words-2', 'words.ts')
  await other.until(/got/)
  const silent = place.start('run', '--conf', 'control.socket=false', 'words.ts')
  await silent.until(/got/)
  assert.deepEqual((JSON.parse((await place.run('list', '--json')).out) as { app: string }[]).map(one => one.app), ['words', 'words-2'])
  for (const running of [first, other, silent]) running.child.kill('SIGTERM')
  for (const running of [first, other, silent]) assert.equal(await running.ended, 0)
})

test('a savepoint: written while the program goes on, and before it stops; another program begins from it', async () => {
  place.program('sums.ts', `
    import { Context, milliseconds, StreamingContext } from 'rivulet'
    const ssc = new StreamingContext(new Context({ master: 'inline' }), milliseconds(20))
    ssc.checkpoint(process.argv[2])
    ssc.sourceStream({ initial: async () => 0, latest: async n => n + 1, split: (from, to) => [{ from, to }], * read({ from, to }) { for (let n = from; n < to; n++) yield ['sum', n] } })
      .updateStateByKey((values, sum = [0, 0]) => [sum[0] + values.length, values.reduce((a, b) => a + b, sum[1])], 1)
      .foreachRDD(async rdd => { for (const [, [count, sum]] of await rdd.collect()) console.log('sum', count, sum) })
    await ssc.start()
    await ssc.awaitTermination()
  `)
  const sums = place.start('run', 'sums.ts', 'checkpoint')
  await sums.until(/sum 3 3\n/)
  const first = await place.run('savepoint', 'sums', 'points')
  assert.deepEqual([first.code, first.err], [0, ''])
  const stopped = await place.run('stop', 'sums', '--savepoint')
  assert.equal(stopped.code, 0)
  const second = /^(.*checkpoint.savepoints.savepoint-.*)$/m.exec(stopped.out)![1]!
  assert.equal(await sums.ended, 0)
  const counts = [...sums.out.matchAll(/sum (\d+) /g)].map(([, n]) => Number(n))
  for (const savepoint of [first.out.trim(), second]) {
    const again = place.start('run', '-s', savepoint, 'sums.ts', `begun-${savepoint === second}`)
    const [, count, sum] = await again.until(/sum (\d+) (\d+)\n/)
    assert.ok(Number(count) > 3 && Number(count) <= counts.at(-1)! + 1, `${count} after ${counts.at(-1)}`)
    assert.equal(Number(sum), (Number(count) * (Number(count) - 1)) / 2)
    again.child.kill('SIGTERM')
    assert.equal(await again.ended, 0)
  }
})

test('a savepoint of a program whose state is in memory is refused, with its code', async () => {
  const words = place.start('run', 'words.ts')
  await words.until(/got/)
  const { code, err, out } = await place.run('savepoint', 'words', 'dir')
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /^error: words answered .*no savepoint can be written.*\[RIV_NO_SAVEPOINT\].*\[RIV_CONTROL_ANSWER\]\n$/)
  words.child.kill('SIGTERM')
  assert.equal(await words.ended, 0)
})

test('Ctrl-C while waiting leaves the stopping be', async () => {
  place.program('slow.ts', `
    import { Context, milliseconds, StreamingContext } from 'rivulet'
    import { existsSync } from 'node:fs'
    const ssc = new StreamingContext(new Context(), milliseconds(20))
    ssc.fromAsyncIterable(async function* () { yield 1; await new Promise(() => {}) })
      .foreachRDD(async () => { console.log('batch'); while (!existsSync('go')) await new Promise(done => setTimeout(done, 5)) })
    await ssc.start()
    await ssc.awaitTermination()
    console.log('ended')
  `)
  const slow = place.start('run', 'slow.ts')
  await slow.until(/batch/)
  const stop = place.start('stop', 'slow', '--drain')
  await stop.until(/stopping slow/)
  stop.child.kill('SIGINT')
  assert.equal(await stop.ended, 130)
  assert.match(stop.err, /slow goes on stopping\n$/)
  assert.match((await place.run('list')).out, /slow .* stopping /)
  place.program('go', '')
  assert.equal(await slow.ended, 0)
  assert.match(slow.out, /ended\n$/)
})

test('a program that was killed leaves a socket that is cleared away; its name is free', async () => {
  const words = place.start('run', 'words.ts')
  await words.until(/got/)
  const [{ pid }] = JSON.parse((await place.run('list', '--json')).out) as [{ pid: number }]
  process.kill(pid, 'SIGKILL')
  assert.equal(await words.ended, 137)
  await gone(pid)
  assert.ok(readdirSync(join(place.dir, 'rivulet')).some(name => name.startsWith('words-')))
  assert.equal((await place.run('list')).out, 'nothing is running\n')
  assert.deepEqual(readdirSync(join(place.dir, 'rivulet')), [])
  assert.ok(existsSync(place.dir))
})

test('a program that hangs is listed as silent; status refuses, stop and savepoint say that they wait', async () => {
  const words = place.start('run', 'words.ts')
  await words.until(/got/)
  const [{ pid }] = JSON.parse((await place.run('list', '--json')).out) as [{ pid: number }]
  process.kill(pid, 'SIGSTOP')
  assert.match((await place.run('list')).out, new RegExp(`\\nwords +${pid} +silent\\n$`))
  const { code, err } = await place.run('status', 'words')
  assert.equal(code, 2)
  assert.match(err, new RegExp(`^error: words \\(process ${pid}\\) does not answer .*\\[RIV_CONTROL_SILENT\\]\\n$`))
  const waiting = [place.start('savepoint', 'words'), place.start('stop', 'words')]
  for (const each of waiting) await each.until(new RegExp(`waiting: words \\(process ${pid}\\) does not answer`))
  process.kill(pid, 'SIGCONT')
  assert.equal(await waiting[1]!.ended, 0)
  assert.equal(await waiting[0]!.ended, 2) // its state is in memory, or it has ended meanwhile
  assert.equal(await words.ended, 0)
})

test('without a folder for sockets a program streams all the same, and says so', async () => {
  chmodSync(join(place.dir, 'rivulet'), 0o755)
  const words = place.start('run', 'words.ts')
  await words.until(/got/)
  assert.match(words.err, /^rivulet warn: no control socket: .*is open to others \(mode 755\)/)
  words.child.kill('SIGTERM')
  assert.equal(await words.ended, 0)
})
