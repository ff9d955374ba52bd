// Values of the program inside the library's own functions: zero values, keys to look for. They travel as what a function gives.

import type { CallSite } from '../../base/call-site.ts'
import { giving as functionGiving } from '../../wire/closure/giving.ts'
import { userFunction } from '../nodes.ts'
import type { UserFunction } from '../plan.ts'

/** A function that gives `value`, for the `fns` of a builtin. */
export const giving = (value: unknown, op: string, site: CallSite): UserFunction => userFunction(functionGiving(value), op, site)
