// Texts that are held for long, as keys and values of a state: what was cut out of a block's text would keep all of that in memory.

/** Longest string that is no slice of the text of its block. */
export const shortText = 12

/** A value; where it is a string, one that keeps no other one alive. */
export function ownText(value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= shortText) return value
  return value.isWellFormed() ? Buffer.from(value).toString() : JSON.parse(JSON.stringify(value))
}
