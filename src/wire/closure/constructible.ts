// Objects of global classes that are made again from the arguments of their constructor: formatters, encoders, URLs.
//
// - Programs keep them in constants at the top of a module, so refusing them would hit what is good style.

import type { Node } from './nodes.ts'

type Args = (object: never) => readonly unknown[]
interface Formatter { resolvedOptions(): { locale: string } }

const formatterArgs = (formatter: Formatter): readonly unknown[] => [formatter.resolvedOptions().locale, formatter.resolvedOptions()]
const formatters = ['Collator', 'DateTimeFormat', 'DisplayNames', 'ListFormat', 'NumberFormat', 'PluralRules', 'RelativeTimeFormat', 'Segmenter'] as const

const argsOf = new Map<unknown, readonly [path: string, args: Args]>([
  [URL.prototype, ['URL', (url: URL) => [url.href]]],
  [URLSearchParams.prototype, ['URLSearchParams', (params: URLSearchParams) => [params.toString()]]],
  [TextEncoder.prototype, ['TextEncoder', () => []]],
  [TextDecoder.prototype, ['TextDecoder', ({ encoding, fatal, ignoreBOM }: InstanceType<typeof TextDecoder>) => [encoding, { fatal, ignoreBOM }]]],
  ...formatters.map((name): [unknown, [string, Args]] => [Intl[name].prototype, [`Intl.${name}`, formatterArgs]]),
])

/** The node of an object that its constructor can make again. */
export function constructNode(object: object): Node | undefined {
  const known = argsOf.get(Object.getPrototypeOf(object))
  return known && { t: 'construct', path: known[0], args: known[1](object as never) }
}
