// Commands of `rivulet` as processes, for tests.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hangMs } from '../base/hang.fixture.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const hooks = `--import ${new URL('../../scripts/self.mjs', import.meta.url).href}`

/** A folder with programs and control sockets of its own. */
export class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'rivulet-cli-'))
  /** More options of Node, for `rivulet` and its programs. */
  nodeOptions = ''
  readonly #running = new Set<Running>()

  program(name: string, text: string): string {
    writeFileSync(join(this.dir, name), text)
    return name
  }

  start(...args: string[]): Running {
    const env = { ...process.env, NODE_OPTIONS: `${hooks} ${this.nodeOptions}`, NODE_NO_WARNINGS: '1', XDG_RUNTIME_DIR: this.dir }
    const running = new Running(spawn(process.execPath, [main, ...args], { cwd: this.dir, env, stdio: ['ignore', 'pipe', 'pipe'] }))
    this.#running.add(running)
    return running
  }

  async run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
    const running = this.start(...args)
    const code = await running.ended
    return { code, out: running.out, err: running.err }
  }

  /** Kills what still runs, and removes the folder. */
  close(): void {
    for (const { child } of this.#running) child.kill('SIGKILL')
    rmSync(this.dir, { recursive: true, force: true })
  }
}

/** A command under way. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  out = ''
  err = ''
  #wake = (): void => {}

  constructor(child: ChildProcess) {
    this.child = child
    child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.out += text; this.#wake() })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.err += text; this.#wake() })
    this.ended = new Promise(resolve => child.on('close', code => { resolve(code); this.#wake() }))
  }

  /** What the pattern finds in the output, as soon as it does. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(hangMs)
    for (;;) {
      const found = pattern.exec(this.out) ?? pattern.exec(this.err)
      if (found !== null) return found
      if (limit.aborted || this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`waited for ${String(pattern)}, got ${JSON.stringify([this.out, this.err])}`)
      await new Promise<void>(resolve => { this.#wake = resolve; limit.addEventListener('abort', () => resolve(), { once: true }) })
    }
  }
}

/** Resolves when there is no process of this id any more (one that nobody waited for does not count). */
export async function gone(pid: number): Promise<void> {
  const limit = AbortSignal.timeout(hangMs)
  for (;;) {
    try {
      process.kill(pid, 0)
      if (process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return
    } catch {
      return
    }
    if (limit.aborted) throw new Error(`process ${pid} still runs`)
    await new Promise(resolve => { setTimeout(resolve, 10) })
  }
}
