// CSV: from a line to its fields, and from fields to a line.
//
// - A field in quotes may hold delimiters, line breaks and, after the escape, quotes. A quote inside a field that does not begin with one stands for itself.
// - By default quotes are escaped by doubling (RFC 4180), not with a backslash as Spark does.
// - Our own, because the fast libraries guess: udsv 0.7 makes one row of a short one and the next, without an error. `split` and `indexOf` are as fast.
// - An empty field and an empty string in quotes are read alike; they are written apart.

/** How CSV is written. Plain data: it travels to tasks. */
export interface CsvFormat {
  readonly delimiter: string
  /** '' where nothing is quoted. */
  readonly quote: string
  readonly escape: string
  /** Lines that begin with it are none; '' where there are no comments. */
  readonly comment: string
  readonly header: boolean
  readonly multiLine: boolean
}

/** Splits a row into its fields; undefined where a quote is still open at its end. What follows a closing quote is an error. */
export function csvFields(row: string, { delimiter, quote, escape }: CsvFormat): string[] | undefined {
  if (quote === '' || !row.includes(quote)) return row.split(delimiter)
  const fields: string[] = []
  for (let at = 0; ;) {
    if (!row.startsWith(quote, at)) {
      const end = row.indexOf(delimiter, at)
      if (end === -1) { fields.push(row.slice(at)); return fields }
      fields.push(row.slice(at, end))
      at = end + delimiter.length
      continue
    }
    const quoted = quotedField(row, at, quote, escape)
    if (quoted === undefined) return undefined
    fields.push(quoted.text)
    if (quoted.end === row.length) return fields
    if (!row.startsWith(delimiter, quoted.end)) throw new Error(`text follows the closing quote of field ${fields.length}`)
    at = quoted.end + delimiter.length
  }
}

/** The field that begins with the quote at `at`, and where it ends. */
function quotedField(row: string, at: number, quote: string, escape: string): { text: string; end: number } | undefined {
  let text = ''
  let from = at + quote.length
  for (let search = from; ;) {
    const close = row.indexOf(quote, search)
    const escaped = row.indexOf(escape, search)
    if (escape !== quote && escaped !== -1 && (close === -1 || escaped < close)) {
      const next = escaped + escape.length
      const takes = row.startsWith(quote, next) ? quote.length : row.startsWith(escape, next) ? escape.length : 0
      if (takes > 0) {
        text += row.slice(from, escaped) + row.slice(next, next + takes)
        from = next + takes
      }
      search = next + takes // an escape before anything else stands for itself
      continue
    }
    if (close === -1) return undefined
    const after = close + quote.length
    if (escape !== quote || !row.startsWith(quote, after)) return { text: text + row.slice(from, close), end: after }
    text += row.slice(from, after)
    from = search = after + quote.length
  }
}

/** The line of fields, without its end; null and undefined are empty fields, an empty string is one in quotes. */
export function csvLine(fields: readonly (string | null | undefined)[], format: CsvFormat): string {
  const { delimiter, quote, escape } = format
  let line = ''
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]
    if (i > 0) line += delimiter
    if (field === null || field === undefined) continue
    line += mustQuote(field, i, format) ? `${quote}${escape === quote ? field.replaceAll(quote, quote + quote) : withEscapes(field, quote, escape)}${quote}` : field
  }
  return fields.length === 1 && line === '' ? quote + quote : line // a line of nothing would be no row
}

/** Whether the field would be read as something else without quotes. */
function mustQuote(field: string, i: number, { delimiter, quote, comment }: CsvFormat): boolean {
  return field === '' || field.includes(quote) || `${field}${delimiter}`.indexOf(delimiter) !== field.length || /[\r\n]/.test(field) || field.startsWith('\uFEFF') || (i === 0 && comment !== '' && field.startsWith(comment))
}

const withEscapes = (field: string, quote: string, escape: string): string => field.replaceAll(escape, escape + escape).replaceAll(quote, escape + quote)
