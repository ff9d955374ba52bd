// Logging is an interface that a pino instance fits; by default one readable line on stderr, because stdout belongs to `print`.

/** What Rivulet logs through: fields first, then a message, as pino has it. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const line = (level: string, fields: object, message: string): void => {
  const rest = Object.entries(fields).map(([k, v]) => ` ${k}=${typeof v === 'object' ? JSON.stringify(v) : String(v)}`).join('')
  process.stderr.write(`rivulet ${level}: ${message}${rest}\n`)
}

/** Warnings and errors, one line each, on stderr. */
export const stderrLogger: Logger = {
  debug() {},
  info() {},
  warn: (fields, message) => line('warn', fields, message),
  error: (fields, message) => line('error', fields, message),
}
