// A program that is started with --inspect-brk: its workers must not wait for a debugger of their own.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { hangMs } from '../../src/base/hang.fixture.ts'
import { harness } from './environments.ts'

const program = "const k = 40; ship(x => x + k, 2).then(v => { console.log('@' + v); process.exit() })"

for (const [name, flags, options] of [['as a flag', ['--inspect-brk=0'], ''], ['in NODE_OPTIONS', [], '--inspect-brk=0']] as const) {
  test(`--inspect-brk ${name}`, { timeout: hangMs }, async () => {
    const child = spawn(process.execPath, [...flags, '--import', harness, '-e', program], { env: { ...process.env, NODE_OPTIONS: options } })
    const closed = new Promise<number | null>(resolve => child.on('close', resolve))
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
    const socket = new WebSocket(await debuggerUrl(child.stderr))
    const send = (id: number, method: string): void => socket.send(JSON.stringify({ id, method }))
    socket.onmessage = ({ data }) => { if (String(data).includes('"Debugger.paused"')) send(9, 'Debugger.resume') }
    socket.onopen = () => ['Runtime.enable', 'Debugger.enable', 'Runtime.runIfWaitingForDebugger'].forEach((method, i) => send(i + 1, method))
    child.stderr.on('data', (chunk: Buffer) => { if (chunk.toString().includes('Waiting for the debugger to disconnect')) socket.close() })
    await closed
    socket.close()
    assert.match(stdout, /@42/)
  })
}

function debuggerUrl(stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise(resolve => {
    let text = ''
    stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const url = /ws:\S+/.exec(text)?.[0]
      if (url !== undefined) resolve(url)
    })
  })
}
