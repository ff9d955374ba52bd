// The command line's master and settings, as variables that every Context of the program reads.

export interface ProgramOptions {
  readonly master?: string
  readonly conf: Readonly<Record<string, string>>
  /** Whether the program waits for a debugger before it begins. */
  readonly inspectBrk?: boolean
}

/** RIVULET_MASTER and RIVULET_CONF_* for the options given. */
export function environmentOf({ master, conf }: ProgramOptions): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {}
  if (master !== undefined) env['RIVULET_MASTER'] = master
  for (const [key, value] of Object.entries(conf)) env[`RIVULET_CONF_${key}`] = value
  return env
}
