// Logging is an interface that a pino instance fits; by default one readable line on stderr, because stdout belongs to `print`.

/** What Rivulet logs through: fields first, then a message, as pino has it. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Least grave messages that are logged. */
export type LogLevel = 'ALL' | 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL' | 'OFF'

/** Spark's names; FATAL means OFF, for nothing here is logged as graver than an error. */
export const logLevels: readonly LogLevel[] = ['ALL', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF']

const line = (level: string, fields: object, message: string): void => {
  const rest = Object.entries(fields).map(([k, v]) => ` ${k}=${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join('')
  process.stderr.write(`rivulet ${level}: ${message}${rest}\n`)
}

/** One line each, on stderr. */
export const stderrLogger: Logger = {
  debug: (fields, message) => line('debug', fields, message),
  info: (fields, message) => line('info', fields, message),
  warn: (fields, message) => line('warn', fields, message),
  error: (fields, message) => line('error', fields, message),
}

/** Hands on what is grave enough. */
export class LevelLogger implements Logger {
  level: LogLevel
  readonly #to: Logger

  constructor(to: Logger, level: LogLevel) {
    this.#to = to
    this.level = level
  }

  debug(fields: object, message: string): void {
    if (this.#passes('DEBUG')) this.#to.debug(fields, message)
  }

  info(fields: object, message: string): void {
    if (this.#passes('INFO')) this.#to.info(fields, message)
  }

  warn(fields: object, message: string): void {
    if (this.#passes('WARN')) this.#to.warn(fields, message)
  }

  error(fields: object, message: string): void {
    if (this.#passes('ERROR')) this.#to.error(fields, message)
  }

  #passes(level: LogLevel): boolean {
    return logLevels.indexOf(level) >= logLevels.indexOf(this.level)
  }
}
