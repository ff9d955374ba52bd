// What `rivulet` understands. Each command is a file in commands/, loaded when it is called.

import { Command } from 'commander'
import type { ProgramOptions } from './environment.ts'
import { cliErrors } from './errors.ts'

/** The command line's grammar. */
export function program(version: string): Command {
  const root = new Command('rivulet')
    .description("Spark Streaming's model for TypeScript")
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError('(rivulet --help says what there is)')
    .exitOverride(error => process.exit(error.exitCode === 0 ? 0 : 2))
  root.command('run')
    .description('run a program; Ctrl-C or SIGTERM stops its streams gracefully')
    .argument('<app>', 'the program, a TypeScript or JavaScript file')
    .argument('[args...]', 'arguments of the program')
    .option('--master <master>', 'where tasks run, unless the program says: inline, local, local[N], local[*]')
    .option('--conf <key=value>', 'a setting, unless the program gives it; may be repeated', addSetting, {})
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  rivulet run --master local[2] --conf spark.default.parallelism=4 app.ts input.txt')
    .action(async (app: string, args: string[], options: ProgramOptions) => {
      const { run } = await import('./commands/run.ts')
      process.exitCode = await run(app, args, options)
    })
  root.command('shell')
    .description('RDDs interactively: TypeScript statements, `ctx` is ready; Ctrl-C cancels the running job, Ctrl-D ends')
    .argument('[files...]', 'files that are run first, as if typed')
    .option('--master <master>', 'where tasks run: inline, local, local[N], local[*]')
    .option('--conf <key=value>', 'a setting; may be repeated', addSetting, {})
    .addHelpText('after', "\nExamples:\n  rivulet shell --master local[4]\n  echo \"ctx.textFile('app.log').filter(line => line.includes('ERROR')).count()\" | rivulet shell")
    .action(async (files: string[], options: ProgramOptions) => {
      const { shell } = await import('./commands/shell.ts')
      process.exitCode = await shell(files, options, version)
    })
  return root
}

function addSetting(text: string, settings: Record<string, string>): Record<string, string> {
  const [, key, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) throw cliErrors.RIV_CLI_CONF(text)
  return { ...settings, [key]: value }
}
