// The examples of the documentation: every ```ts fence of a page, every @example of a docstring.
//
// - Each is a module by itself. A fence marked `ts no-run` is type-checked only.

/** One example, with the place it stands at. */
export interface Example {
  readonly file: string
  /** The line of its first line of code. */
  readonly line: number
  readonly code: string
  readonly runs: boolean
}

/** The examples of a Markdown page. */
export function fencesOf(file: string, text: string): Example[] {
  return [...text.matchAll(/^```ts([^\n]*)\n([\s\S]*?)^```$/gm)].map(match => ({
    file, line: lineAt(text, match.index) + 1, code: match[2]!, runs: match[1]!.trim() !== 'no-run',
  }))
}

/** The examples in the docstrings of a source. */
export function docstringExamplesOf(file: string, text: string): Example[] {
  return [...text.matchAll(/^[ \t]*\/\*\*[\s\S]*?\*\//gm)].flatMap(comment => {
    const lines = comment[0].split('\n').map(line => line.replace(/^\s*(\/\*\*|\*\/|\*) ?/, '').replace(/\s*\*\/$/, ''))
    return lines.flatMap((line, i) => {
      if (!/^@example\b/.test(line)) return []
      const rest = lines.slice(i + 1)
      const end = rest.findIndex(other => /^@[a-z]+/.test(other))
      const body = end < 0 ? rest : rest.slice(0, end)
      return [{ file, line: lineAt(text, comment.index) + i + 1, code: body.map(other => (/^```/.test(other) ? '' : other)).join('\n').trimEnd() + '\n', runs: true }]
    })
  })
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length
