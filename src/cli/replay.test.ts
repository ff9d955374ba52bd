// `rivulet replay`: a batch of a program that ran, again, by itself and under a debugger; batches that are not kept.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { hangMs } from '../base/hang.fixture.ts'
import { Place } from './cli.fixture.ts'

const place = new Place()
after(() => place.close())
const text = `
import { Context, milliseconds, StreamingContext } from 'rivulet'
const ssc = new StreamingContext(new Context({ conf: { 'replay.keep': 1000 } }), milliseconds(20))
ssc.checkpoint('checkpoint')
ssc.sourceStream({ initial: async () => 0, latest: async n => n + 1, split: (from, to) => [from], * read(n) { yield n } })
  .map(n => {
    const doubled = n * 2
    return doubled // here
  })
  .foreachRDD(async (rdd, time) => console.log('batch', time.milliseconds, ...await rdd.collect()))
await ssc.start()
await ssc.awaitTermination()
`
place.program('twice.ts', text)

/** The time and the record of the second batch. */
let [timeMs, doubled]: [string, string] = ['', '']
before(async () => {
  const running = place.start('run', 'twice.ts')
  ;[, timeMs, doubled] = await running.until(/batch \d+ 0\nbatch (\d+) (\d+)\nbatch \d+ 4\n/) as unknown as [string, string, string]
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 0)
})

test('a batch runs again, and the program ends', async () => {
  assert.deepEqual(await place.run('replay', '--batch', timeMs, 'checkpoint', 'twice.ts'), { code: 0, out: `batch ${timeMs} ${doubled}\n`, err: '' })
})

/** The answers and events of a debugger's connection. */
class Debugger {
  readonly #socket: WebSocket
  readonly #seen: { id?: number; method?: string; params?: unknown; result?: unknown }[] = []
  #wake = (): void => {}
  #lastId = 0

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => { this.#seen.push(JSON.parse(String(data)) as { id: number }); this.#wake() })
  }

  static async at(url: string): Promise<Debugger> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => { socket.addEventListener('open', resolve); socket.addEventListener('error', reject) })
    return new Debugger(socket)
  }

  async ask(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId
    this.#socket.send(JSON.stringify({ id, method, params }))
    return (await this.#next(message => message.id === id)).result
  }

  async event(method: string): Promise<unknown> {
    return (await this.#next(message => message.method === method)).params
  }

  close(): void {
    this.#socket.close()
  }

  async #next(wanted: (message: { id?: number; method?: string }) => boolean): Promise<{ params?: unknown; result?: unknown }> {
    const limit = AbortSignal.timeout(hangMs)
    for (;;) {
      const at = this.#seen.findIndex(wanted)
      if (at !== -1) return this.#seen.splice(at, 1)[0]!
      limit.throwIfAborted()
      await new Promise<void>(resolve => { this.#wake = resolve; limit.addEventListener('abort', () => resolve(), { once: true }) })
    }
  }
}

test('a breakpoint of the file stops in the function of a stream', { skip: typeof WebSocket === 'undefined' }, async () => {
  place.nodeOptions = '--inspect-port=0'
  const running = place.start('replay', '--inspect-brk', '--batch', timeMs, 'checkpoint', 'twice.ts')
  place.nodeOptions = ''
  const [, url] = await running.until(/listening on (ws:\S+)/)
  const debug = await Debugger.at(url!)
  await debug.ask('Debugger.enable')
  const file = pathToFileURL(join(place.dir, 'twice.ts')).href
  const lineNumber = text.split('\n').findIndex(line => line.endsWith('// here'))
  await debug.ask('Debugger.setBreakpointByUrl', { url: file, lineNumber })
  await debug.ask('Runtime.runIfWaitingForDebugger')
  await debug.event('Debugger.paused') // before the first line
  await debug.ask('Debugger.resume')
  const { callFrames: [frame], hitBreakpoints } = await debug.event('Debugger.paused') as { callFrames: { callFrameId: string }[]; hitBreakpoints: string[] }
  assert.equal(hitBreakpoints.length, 1)
  const { result } = await debug.ask('Debugger.evaluateOnCallFrame', { callFrameId: frame!.callFrameId, expression: 'doubled' }) as { result: { value: unknown } }
  assert.equal(result.value, Number(doubled))
  await debug.ask('Debugger.resume')
  await running.until(/batch \d+/)
  debug.close()
  assert.equal(await running.ended, 0)
  assert.equal(running.out, `batch ${timeMs} ${doubled}\n`)
})

const refused: [what: string, args: string[], code: number, expected: RegExp][] = [
  ['a batch that was never', ['--batch', '1000', 'checkpoint', 'twice.ts'], 1, /the batch 1000 ms cannot be run again from the checkpoint .*checkpoint: it has batches from \d+ ms.*replay\.keep.*RIV_REPLAY/s],
  ['a folder without a checkpoint', ['--batch', '1000', 'nowhere', 'twice.ts'], 1, /cannot be run again from the checkpoint .*nowhere: there is none.*RIV_REPLAY/s],
  ['no time', ['--batch', 'noon', 'checkpoint', 'twice.ts'], 2, /argument 'noon' is invalid\. a time in milliseconds/],
  ['no batch at all', ['checkpoint', 'twice.ts'], 2, /required option '--batch <ms>' not specified/],
]
for (const [what, args, code, expected] of refused) test(`refused: ${what}`, async () => {
  const ended = await place.run('replay', ...args)
  assert.equal(ended.code, code)
  assert.match(ended.err, expected)
})

test('the checkpoint is as it was, and the program goes on from it', async () => {
  const running = place.start('run', 'twice.ts')
  const [, next] = await running.until(/batch (\d+) \d+\n/)
  assert.ok(Number(next) > Number(timeMs))
  running.child.kill('SIGTERM')
  assert.equal(await running.ended, 0)
})
