// Keeps what the shell waits for from being collected, see wire/closure/console-script.ts.

/** The name under which `keep` is a global variable of the shell. */
export const keepName = '$keep'

const kept = new Set<unknown>()

/** The value itself; a promise or an iterable is held until it has settled, or as long as the shell lives. */
export function keep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  kept.add(value)
  if (value instanceof Promise) {
    const drop = (): void => { kept.delete(value) }
    value.then(drop, drop)
  }
  return value
}
