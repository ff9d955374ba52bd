// Error codes of broadcasts and accumulators.

import { defineErrors } from '../../base/define-errors.ts'

export const sharedErrors = defineErrors({
  RIV_BROADCAST_DESTROYED: {
    message: (id: number) => `broadcast ${id} was destroyed`,
    hint: 'call destroy() after the last action that uses it, or unpersist() where it is used again',
    docs: 'The value of a broadcast was asked for, or a function that captured it was about to run, after `destroy()` gave its memory back.',
  },
  RIV_ACCUMULATOR_IN_TASK: {
    message: (name: string) => `the value of ${name} was asked for in a task`,
    hint: 'read it in the program, after the action; tasks only add',
    docs: 'A task knows only what it added itself, so an accumulator has a value in the program alone.',
  },
})
