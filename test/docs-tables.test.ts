// The tables of errors and settings agree with the committed pages and with the sources, both ways.

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { configurationPage, errorsPage } from '../scripts/docs/table-pages.ts'
import { codeTables, root, settingTables } from '../scripts/docs/tables.ts'

const read = (path: string): string => readFileSync(new URL(path, root), 'utf8')
const errors = await codeTables()
const settings = await settingTables()
const codes = errors.flatMap(table => Object.keys(table.rows))
const keys = settings.flatMap(table => Object.keys(table.rows))

/** Shipped sources, without the tables themselves. */
const sources = globSync('src/**/*.ts', { cwd: root }).filter(path => !/\.(test|types|fixture)\.ts$/.test(path) && !/\/(errors|settings)\.ts$/.test(path)).map(path => ({ path, text: read(path) }))
const tableFiles = globSync('src/**/{errors,settings}.ts', { cwd: root }).map(path => ({ path, text: read(path) }))
const pages = globSync(['README.md', 'docs/**/*.md'], { cwd: root }).map(path => ({ path, text: read(path) }))
const codesIn = (text: string): string[] => text.match(/\bRIV_[A-Z0-9]+(?:_[A-Z0-9]+)*\b(?!_?[…*<])/g) ?? []

test('the tables were found', () => {
  assert.ok(codes.includes('RIV_DURATION') && codes.length > 20)
  assert.ok(keys.length > 3)
})

test('docs/errors.md is what npm run docs writes', () => assert.equal(read('docs/errors.md'), errorsPage(errors), 'run `npm run docs`'))
test('docs/configuration.md is what npm run docs writes', () => assert.equal(read('docs/configuration.md'), configurationPage(settings), 'run `npm run docs`'))

test('no two tables share a code or a setting', () => {
  assert.deepEqual(codes.filter((code, i) => codes.indexOf(code) !== i), [])
  assert.deepEqual(keys.filter((key, i) => keys.indexOf(key) !== i), [])
})

test('every code has a text and a paragraph', () => {
  const rows = errors.flatMap(table => Object.entries(table.rows))
  assert.deepEqual(rows.filter(([code, row]) => !/^RIV_[A-Z0-9_]+$/.test(code) || row.docs.length < 20 || row.error?.hint === '').map(([code]) => code), [])
})

test('every code that is named is declared', () => {
  const named = [...sources, ...tableFiles, ...pages].flatMap(({ path, text }) => codesIn(text).filter(code => !codes.includes(code)).map(code => `${path}: ${code}`))
  assert.deepEqual(named, [])
})

test('every declared code is used', () => {
  // In a source, or in its own file beside its declaration (a helper that throws it).
  const text = [...sources, ...tableFiles].map(source => source.text).join('\n').replaceAll(/\/\/.*$|^\s*\*.*$/gm, '')
  const uses = (code: string): number => text.match(new RegExp(`\\b${code}\\b`, 'g'))?.length ?? 0
  assert.deepEqual(codes.filter(code => uses(code) < 2), [])
})

test('every declared setting is used', () => {
  assert.deepEqual(keys.filter(key => !sources.some(source => source.text.includes(`'${key}'`))), [])
})
