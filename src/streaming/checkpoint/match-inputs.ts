// Finds for each input of a program what an earlier program left of it: its place in a source, blocks that no batch has processed.
//
// - A name given by uid() finds it wherever the input stands, whatever it reads from. Inputs without one are counted by kind; where there are
//   several of a kind, one that reads from elsewhere than the one of its number did may be another one.
// - Nothing is lost silently: where there is something to lose, an input that is gone or may be another one is refused, or given up by
//   `checkpoint.allowNonRestoredState`.

import { streamingErrors } from '../errors.ts'
import type { InputNode } from '../graph/input-node.ts'
import { idsOf } from './names.ts'
import type { InputOrigin } from './records.ts'
import type { Recovery } from './recovery.ts'

/** The inputs of a program, as a checkpoint names them. */
export function originsOf(inputs: readonly InputNode[]): InputOrigin[] {
  return idsOf(inputs).map(([id, { op, uid, origin }]) => ({ id, kind: op, origin, named: uid !== undefined }))
}

/** Refuses a program that lacks an input of which there is something in the checkpoint, or lets the checkpoint forget it. */
export function matchInputs(inputs: readonly InputNode[], recovery: Recovery, allowNonRestoredState: boolean): void {
  const program = originsOf(inputs)
  const stored = recovery.start?.inputs ?? []
  const several = (kind: string): boolean => [program, stored].some(origins => origins.filter(each => each.kind === kind).length > 1)
  for (const { id, kind, origin } of stored) {
    const found = program.find(each => each.id === id)
    const isElsewhere = found !== undefined && !found.named && found.origin !== origin && several(kind)
    const held = recovery.heldOf(id)
    if (held === undefined || (found !== undefined && !isElsewhere)) continue
    const name = origin === '' ? id : `${id} (${origin})`
    if (!allowNonRestoredState) throw streamingErrors.RIV_INPUT_MATCH(name, found === undefined ? 'is not in the program' : `reads from ${found.origin} in the program`, held)
    recovery.giveUp(id)
  }
}
