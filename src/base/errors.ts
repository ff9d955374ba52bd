// Error codes of the base layer: durations, settings.

import { defineErrors } from './define-errors.ts'

export const baseErrors = defineErrors({
  RIV_DURATION: {
    message: (value: unknown, what: string) => `${what} is not a duration: ${String(value)}`,
    hint: "give a Duration, milliseconds as a number, or text such as '500 ms', '10 s', '5 min', '1 h'",
    docs: 'A place that takes a duration got something else. Durations are `Duration` values (`seconds(1)`), milliseconds as a number, or text with a unit.',
  },
  RIV_DURATION_BARE: {
    message: (value: number, what: string) => `${what} of ${value} as a bare number means ${value} ms`,
    hint: "numbers are milliseconds; write seconds(1) or '1 s'",
    docs: 'A batch, window or slide was given as a bare number below 5. Guides for PySpark write `StreamingContext(sc, 1)` and mean one second; here numbers are milliseconds. For a batch that really is this short, write `milliseconds(2)`.',
  },
  RIV_SETTING: {
    message: (key: string, value: string, kind: string) => `the setting ${key} has the value ${JSON.stringify(value)}, which is no ${kind}`,
    hint: 'see docs/configuration.md for what it takes',
    docs: 'A setting given in `conf` or in the environment (`RIVULET_CONF_…`) cannot be read as the kind of value it has.',
  },
})
