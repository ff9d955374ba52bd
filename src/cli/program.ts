// What `rivulet` understands. Each command is a file in commands/, loaded when it is called.

import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../base/duration-text.ts'
import type { SuperviseOptions } from './commands/supervise.ts'
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
    .addOption(settings('a setting, unless the program gives it; may be repeated'))
    .option('-s, --savepoint <path>', 'begin from a savepoint, in a new checkpoint directory')
    .passThroughOptions()
    .addHelpText('after', "\nExample:\n  rivulet run --master 'local[2]' --conf spark.default.parallelism=4 app.ts input.txt")
    .action(async (app: string, args: string[], { savepoint, ...options }: ProgramOptions & { savepoint?: string }) => {
      const { run } = await import('./commands/run.ts')
      process.exitCode = await run(app, args, savepoint === undefined ? options : withSettings(options, { 'checkpoint.savepoint': resolve(savepoint) }))
    })
  root.command('shell')
    .description('RDDs interactively: TypeScript statements, `ctx` is ready; Ctrl-C cancels the running job, Ctrl-D ends')
    .argument('[files...]', 'files that are run first, as if typed')
    .option('--master <master>', 'where tasks run: inline, local, local[N], local[*]')
    .addOption(settings('a setting; may be repeated'))
    .addHelpText('after', "\nExamples:\n  rivulet shell --master 'local[4]'\n  echo \"ctx.textFile('app.log').filter(line => line.includes('ERROR')).count()\" | rivulet shell")
    .action(async (files: string[], options: ProgramOptions) => {
      const { shell } = await import('./commands/shell.ts')
      process.exitCode = await shell(files, options, version)
    })
  root.command('list')
    .description('the programs that stream on this machine')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  rivulet list --json')
    .action(async (options: { json?: boolean }) => {
      const { list } = await import('./commands/list.ts')
      await list(options)
    })
  root.command('status')
    .description('what a running program does')
    .argument('<app>', 'its appName, as rivulet list shows it')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  rivulet status words')
    .action(async (app: string, options: { json?: boolean }) => {
      const { status } = await import('./commands/status.ts')
      await status(app, options)
    })
  root.command('stop')
    .description('ends the streams of a running program, and waits until they have ended')
    .argument('<app>', 'its appName, as rivulet list shows it')
    .option('--savepoint [dir]', 'write a savepoint first, and say where it is')
    .option('--drain', 'process everything that was received first; otherwise the running batch is cancelled')
    .addHelpText('after', '\nExample:\n  rivulet stop words --drain')
    .action(async (app: string, options: { drain?: boolean; savepoint?: string | true }) => {
      const { stop } = await import('./commands/stop.ts')
      await stop(app, options)
    })
  root.command('savepoint')
    .description('writes a self-contained copy of the state of a running program, which goes on')
    .argument('<app>', 'its appName, as rivulet list shows it')
    .argument('[dir]', 'where to; the program decides without it')
    .addHelpText('after', '\nExample:\n  rivulet savepoint words savepoints')
    .action(async (app: string, dir: string | undefined) => {
      const { savepoint } = await import('./commands/savepoint.ts')
      await savepoint(app, dir)
    })
  root.command('replay')
    .description('runs one recorded batch of a program again, on its inputs and with the state it had, in one thread: for debugging')
    .argument('<checkpoint>', 'the checkpoint directory')
    .argument('<app>', 'the program, a TypeScript or JavaScript file')
    .argument('[args...]', 'arguments of the program')
    .requiredOption('--batch <ms>', 'the time of the batch, in milliseconds', milliseconds)
    .option('--inspect-brk', 'wait for a debugger first; breakpoints stop also in the functions of streams')
    .addOption(settings('a setting, unless the program gives it; may be repeated'))
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  rivulet replay --inspect-brk --batch 1700000000000 checkpoint app.ts')
    .action(async (checkpoint: string, app: string, args: string[], { batch, ...options }: ProgramOptions & { batch: number }) => {
      const { run } = await import('./commands/run.ts')
      const settings = { 'replay.directory': resolve(checkpoint), 'replay.batch': String(batch), 'control.socket': 'false' }
      process.exitCode = await run(app, args, withSettings({ master: 'inline', ...options }, settings))
    })
  root.command('supervise')
    .description('run a program, and start it again when it fails; Ctrl-C or SIGTERM stops its streams gracefully, a second one kills it')
    .argument('<app>', 'the program, a TypeScript or JavaScript file')
    .argument('[args...]', 'arguments of the program')
    .option('--master <master>', 'where tasks run, unless the program says: inline, local, local[N], local[*]')
    .addOption(settings('a setting, unless the program gives it; may be repeated'))
    .option('--max-restarts <count>', 'restarts within the window after which it is given up', count, 10)
    .addOption(new Option('--window <duration>', 'the time over which restarts count; a program that ran that long starts afresh').argParser(durationMs).default(600_000, '10 min'))
    .addOption(new Option('--backoff <duration>', 'pause before the first restart; it doubles with each, up to a minute').argParser(durationMs).default(1_000, '1 s'))
    .passThroughOptions()
    .addHelpText('after', "\nExample:\n  rivulet supervise --max-restarts 5 --window '1 h' --backoff '500 ms' app.ts -- --port 9999")
    .action(async (app: string, args: string[], options: SuperviseOptions) => {
      const { supervise } = await import('./commands/supervise.ts')
      process.exitCode = await supervise(app, args, options)
    })
  return root
}

const withSettings = (options: ProgramOptions, settings: Readonly<Record<string, string>>): ProgramOptions => ({ ...options, conf: { ...options.conf, ...settings } })

function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is needed.')
  return Number(text)
}

function milliseconds(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a time in milliseconds since 1970 is needed, as outputs get it and logs show it.')
  return Number(text)
}

function durationMs(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError("a duration is needed, such as '500 ms', '10 s', '5 min' or '1 h'.")
  return ms
}

const settings = (what: string): Option => new Option('--conf <key=value>', what).argParser(addSetting).default({}, 'none')

function addSetting(text: string, settings: Record<string, string>): Record<string, string> {
  const [, key, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? []
  if (key === undefined || value === undefined) throw cliErrors.RIV_CLI_CONF(text)
  return { ...settings, [key]: value }
}
