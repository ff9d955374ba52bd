// Error codes of keys.

import { defineErrors } from '../../base/define-errors.ts'

export const keyErrors = defineErrors({
  RIV_KEY: {
    message: (what: string) => `${what} cannot be a key`,
    hint: 'use a string, number, bigint, boolean, Date, typed array, or arrays, Maps, Sets and plain objects of those',
    docs: 'Keys are compared by structure and hashed the same way on every machine, so a key must be a value: functions, symbols and Promises have no structure to compare.',
  },
})
