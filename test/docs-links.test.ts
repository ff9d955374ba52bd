// Paths and links in the pages lead somewhere: files of this repository, relative links, anchors of errors.

import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What a page names that is not there. `exists` tells of a path relative to the project, `anchors` the headings of a page. */
function deadEnds(page: string, text: string, exists: (path: string) => boolean, headings: (path: string) => string[]): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
  const files = [...prose.matchAll(/`((?:src|test|docs|scripts|examples|bench)\/[\w./-]+)`/g)].map(match => match[1]!).filter(path => !exists(path))
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1]!).filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    return !exists(target) || (anchor !== undefined && !headings(target).includes(anchor))
  })
  return [...files, ...links].map(dead => `${page}: ${dead}`)
}

const exists = (path: string): boolean => existsSync(join(root, path))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const headings = (path: string): string[] => [...read(path).matchAll(/^#+ (.+)$/gm)].map(match => match[1]!.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-'))

for (const page of globSync(['*.md', 'docs/**/*.md', 'src/**/*.md'], { cwd: root })) {
  test(page, () => assert.deepEqual(deadEnds(page, read(page), exists, headings), []))
}

test('dead ends are found', () => {
  const text = '`src/a.ts` `src/b.ts` [x](b.md) [y](c.md#z) [z](c.md#y) [w](https://example.org)\n```\n`src/d.ts`\n```\n'
  assert.deepEqual(deadEnds('docs/a.md', text, path => ['src/a.ts', 'docs/c.md'].includes(path), () => ['y']), ['docs/a.md: src/b.ts', 'docs/a.md: b.md', 'docs/a.md: c.md#z'])
})
