// The way from a shipped function to a value inside of it, in the user's words.

/** One step; functions give their text only when an error shows it. */
export type Step =
  /** `.pool`, `[0]`, `.get("a")`: part of an expression. */
  | string
  /** A captured variable: the start of an expression. */
  | { readonly variable: () => string }
  /** What has no expression: `its superclass`. */
  | { readonly via: string }
  /** Says what the function at this point is. */
  | { readonly describe: () => string }

/** One line per function on the way, each further in than the one before. */
export function renderPath(steps: readonly Step[]): string {
  const lines: string[] = []
  let line = ''
  let open = false // within the backticks of an expression
  const close = (): void => { if (open) line += '`'; open = false }
  for (const step of steps) {
    if (typeof step === 'string') {
      if (step === '') continue
      if (!open) line += ' `'
      open = true
      line += step
    } else if ('variable' in step) {
      close()
      lines.push(line)
      line = `captures \`${step.variable()}`
      open = true
    } else {
      close()
      line += 'via' in step ? `, ${step.via}` : ` = ${step.describe()}`
    }
  }
  close()
  lines.push(line)
  return lines.map((text, depth) => (depth === 0 ? text : `\n${'  '.repeat(depth)}${text}`)).join('')
}

/** A property as part of an expression. */
export function memberStep(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[${key.toString()}]`
  return /^[A-Za-z_$][\w$]*$/.test(String(key)) ? `.${String(key)}` : `[${/^\d+$/.test(String(key)) ? String(key) : JSON.stringify(key)}]`
}

/** A key of a Map or a member of a Set, shortly. */
export function shortValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 30))
  return typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 30)
}
