// The error of a failed output: names the output, the batch and what happened.
//
// Where the engine or another part of ours failed, its code, message and cause are kept, so that `cause` is the user's own error;
// what the user's function threw becomes RIV_OUTPUT.

import { isRivuletError, RivuletError } from '../../base/define-errors.ts'
import { streamingErrors } from '../errors.ts'
import type { OutputOperation } from '../graph/output-operation.ts'

export function outputFailure({ op, site }: Pick<OutputOperation, 'op' | 'site'>, timeMs: number, error: unknown): RivuletError {
  const name = `${op === 'foreachRDD' ? op : `${op} (foreachRDD)`}${site.place === '' ? '' : ` at ${site.place}`}`
  if (!isRivuletError(error)) return streamingErrors.RIV_OUTPUT.withCause(error instanceof Error ? error : new Error(String(error), { cause: error }), name, timeMs, String(error))
  const bare = error.message.replace(` (${error.hint})`, '')
  return new RivuletError(error.code, `${name} in the batch ${timeMs} ms: ${bare}`, error.hint, { cause: error.cause ?? error })
}
