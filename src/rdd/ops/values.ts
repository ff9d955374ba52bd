// Values of the program inside the library's own functions: zero values, keys to look for. They travel as what a bound function captured.

import type { CallSite } from '../../base/call-site.ts'
import { itself } from '../../kernel/itself.ts'
import { userFunction } from '../nodes.ts'
import type { UserFunction } from '../plan.ts'

/** A function that gives `value`, for the `fns` of a builtin. */
export const giving = (value: unknown, op: string, site: CallSite): UserFunction => userFunction(itself.bind(undefined, value), op, site)
