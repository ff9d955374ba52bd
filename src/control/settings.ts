// Settings of the control of running programs.

import { defineSettings, kinds } from '../base/define-settings.ts'

export const controlSettings = defineSettings({
  'control.socket': kinds.boolean(false, 'Whether a program that streams listens on a local socket for `rivulet list`, `status`, `stop` and `savepoint`. `rivulet run` and `rivulet supervise` switch it on.'),
})
