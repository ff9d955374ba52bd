// Settings of the context.

import { defineSettings, kinds } from '../base/define-settings.ts'

export const contextSettings = defineSettings({
  'spark.master': kinds.text('local[*]', 'Where tasks run: inline, local, local[N], local[*]. The option `master` of the Context and the variable RIVULET_MASTER come before it.'),
  'spark.cleaner.referenceTracking.cleanCheckpoints': kinds.boolean(false, 'Remove the checkpoint files of an RDD that the program has dropped.'),
  'spark.ui.showConsoleProgress': kinds.boolean(true, 'Whether the last row of the terminal shows how far long stages are, and while streams run the last batch; only where stderr is a terminal.'),
  'spark.app.name': kinds.text('rivulet', 'The name of the program, for messages and listeners. The option `appName` of the Context comes before it.'),
})
