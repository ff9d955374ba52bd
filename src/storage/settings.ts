// Settings of storage.

import { defineSettings, kinds } from '../base/define-settings.ts'

export const storageSettings = defineSettings({
  'spark.local.dir': kinds.text('', 'Folder for what does not fit in memory: one folder a context is made in it when it is first needed, and removed with the context. Default: the folder for temporary files of the system.'),
})
