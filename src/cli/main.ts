#!/usr/bin/env node
// The command `rivulet`.
//
// Exit codes: the program's own for `run`, 2 for a command line that makes no sense, 0 otherwise.

import { readFileSync } from 'node:fs'
import { isRivuletError } from '../base/define-errors.ts'
import { requireNode } from './require-node.ts'

const { version, engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string; engines: { node: string } }

try {
  requireNode(process.versions.node, engines.node)
  const { program } = await import('./program.ts') // only now: what it imports needs that Node
  await program(version).parseAsync()
} catch (error) {
  if (!isRivuletError(error)) throw error
  process.stderr.write(`error: ${error.message} [${error.code}]\n`)
  process.exitCode = 2
}
