// Text to milliseconds: '500 ms', '10 s', '5 min', '1 h'. Shared by durations and settings.

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)\s*$/.exec(text)
  return match ? Number(match[1]) * units[match[2]!]! : undefined
}
