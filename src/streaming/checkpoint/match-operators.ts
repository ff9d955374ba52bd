// Finds for each operator of a program the state that an earlier program left.
//
// - A name given by uid() finds its state wherever it stands. Operators without one are counted by kind: they must be the ones that were
//   there, in their order, with new ones at the end only.
// - An operator is the same if its fingerprint is: kind, partitions, window.

import { streamingErrors } from '../errors.ts'
import type { OperatorRecord } from './records.ts'

/** Refuses a program whose operators do not match those of the checkpoint. */
export function matchOperators(program: readonly OperatorRecord[], stored: readonly OperatorRecord[], allowNonRestoredState: boolean): void {
  const own = new Map(program.map(operator => [operator.id, operator]))
  for (const { id, fingerprint } of stored) {
    const found = own.get(id)
    if (found === undefined) {
      if (!allowNonRestoredState) throw streamingErrors.RIV_STATE_MATCH(id, 'is in the checkpoint, but not in the program')
      continue
    }
    const differs = Object.keys({ ...fingerprint, ...found.fingerprint }).find(name => fingerprint[name] !== found.fingerprint[name])
    if (differs !== undefined) throw streamingErrors.RIV_STATE_MATCH(id, `has ${differs} ${String(fingerprint[differs])} in the checkpoint and ${String(found.fingerprint[differs])} in the program`)
  }
}
