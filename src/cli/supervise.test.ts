// `rivulet supervise`, and the bond between `rivulet` and the program it started: real processes, real signals.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { gone, Place } from './cli.fixture.ts'

const place = new Place()
after(() => place.close())
const supervise = ['supervise', '--backoff', '20 ms']

// Counts its runs in a file; what it does is told by the arguments, run by run.
place.program('app.ts', `
  import { existsSync, readFileSync, writeFileSync } from 'node:fs'
  const [name, ...plan]: string[] = process.argv.slice(2)
  const run = existsSync(name) ? Number(readFileSync(name, 'utf8')) : 0
  writeFileSync(name, String(run + 1))
  const act = plan[Math.min(run, plan.length - 1)]
  if (act === 'wait') { setInterval(() => {}, 1000); process.on('SIGTERM', () => { console.log('stopping'); process.exit(5) }) }
  if (act === 'deaf') { setInterval(() => {}, 1000); process.on('SIGTERM', () => console.log('no')) }
  console.log('run', run, 'pid', process.pid)
  if (act === 'throw') throw new Error('mine')
  if (act === 'kill') process.kill(process.pid, 'SIGKILL')
  if (act === 'memory') { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)) }
  if (act === 'loop') for (;;);
  process.exitCode = Number(act) || 0
`)

test('a program that ends well is not started again', async () => {
  assert.deepEqual((await place.run(...supervise, 'app.ts', 'well', '0', '9')).code, 0)
})

test('failures of every kind are followed by a restart, one line each; the code is the last one', async () => {
  const { code, out, err } = await place.run(...supervise, 'app.ts', '--', 'all', '3', 'throw', 'kill', '0')
  assert.equal(code, 0)
  assert.equal(out.match(/run \d/g)!.join(), 'run 0,run 1,run 2,run 3')
  const lines = err.split('\n').filter(line => line.startsWith('rivulet: '))
  assert.deepEqual(lines.map(line => line.replace(/after [\d.]+ s/, 'after T')), [
    'rivulet: app.ts ended with code 3 after T; restart 1 of 10 in 0.0 s',
    'rivulet: app.ts ended with code 1 after T; restart 2 of 10 in 0.0 s',
    'rivulet: app.ts was ended by SIGKILL after T; restart 3 of 10 in 0.1 s',
  ])
})

test('death by memory is followed by a restart', async () => {
  place.nodeOptions = '--max-old-space-size=60'
  const { code, err } = await place.run(...supervise, 'app.ts', 'memory', 'memory', '0')
  place.nodeOptions = ''
  assert.equal(code, 0)
  assert.match(err, /rivulet: app\.ts was ended by SIG(ABRT|TRAP|ILL) .*restart 1/)
})

test('it is given up when the limit is hit, with the code of the last run', async () => {
  const { code, err } = await place.run(...supervise, '--max-restarts', '2', '--window', '1 min', 'app.ts', 'limit', '1', '2', '4')
  assert.equal(code, 4)
  assert.match(err, /ended with code 4 after [\d.]+ s; given up after 2 restarts within 60\.0 s\n$/)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the program gracefully, without a restart`, async () => {
    const running = place.start(...supervise, 'app.ts', `wait-${signal}`, 'wait')
    await running.until(/run 0/)
    running.child.kill(signal)
    assert.equal(await running.ended, signal === 'SIGTERM' ? 5 : 130)
    assert.doesNotMatch(running.err, /restart/)
  })
}

test('a second signal kills', async () => {
  const running = place.start(...supervise, 'app.ts', 'deaf', 'deaf')
  await running.until(/run 0/)
  running.child.kill('SIGTERM')
  await running.until(/no\n/)
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 137)
})

test('a signal during the pause ends at once', async () => {
  const running = place.start('supervise', '--backoff', '1 h', 'app.ts', 'pause', '7')
  await running.until(/restart 1 of 10 in 3600\.0 s/)
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 7)
})

for (const [command, act] of [[['run'], 'wait'], [supervise, 'wait'], [supervise, 'loop']] as const) {
  test(`when rivulet ${command[0]} is killed the program ends too: ${act}`, async () => {
    const running = place.start(...command, 'app.ts', `orphan-${command[0]}-${act}`, act)
    const pid = Number((await running.until(/pid (\d+)/))[1])
    running.child.kill('SIGKILL')
    await gone(pid)
  })
}

test('when the program is killed its threads are gone, and a stream starts again', async () => {
  place.program('stream.ts', `
    import { Context, milliseconds, StreamingContext } from 'rivulet'
    const ssc = new StreamingContext(new Context({ master: 'local[2]' }), milliseconds(20))
    ssc.fromAsyncIterable(async function* () { for (;;) { yield 1; await new Promise(done => setTimeout(done, 5)) } })
      .foreachRDD(async rdd => { if (await rdd.map(x => x + 1).count() > 0) console.log('got', process.pid) })
    await ssc.start()
    await ssc.awaitTermination()
  `)
  const running = place.start(...supervise, 'stream.ts')
  const first = Number((await running.until(/got (\d+)/))[1])
  process.kill(first, 'SIGKILL')
  await gone(first)
  await running.until(new RegExp(`got (?!${first})\\d+`))
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 0)
  const lines = running.err.split('\n').filter(line => !line.startsWith('rivulet warn:')) // a loaded machine keeps 20 ms batches waiting
  assert.match(lines.join('\n'), /^rivulet: stream\.ts was ended by SIGKILL .*restart 1 of 10 in 0\.0 s\n$/)
})

test('programs that a program starts are no part of this', async () => {
  place.program('parent.mjs', `
    import { fork } from 'node:child_process'
    import { Worker } from 'node:worker_threads'
    if (process.argv[2] === 'child') process.send('child', () => process.disconnect())
    else {
      const child = fork(process.argv[1], ['child'])
      child.on('message', text => { console.log(text); new Worker('console.log("worker")', { eval: true }) })
    }
  `)
  assert.deepEqual(await place.run('run', 'parent.mjs'), { code: 0, out: 'child\nworker\n', err: '' })
})
