// Text blocks to lines, against a model that decodes each line by itself.

import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { decodeLinePieces, decodeLines } from './lines.ts'
import type { DecodedLines } from './lines.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenient = new TextDecoder('utf-8', { ignoreBOM: true })

function model(bytes: Uint8Array): DecodedLines {
  const lines: string[] = []
  let invalidLines = 0
  const add = (line: Uint8Array): void => {
    lines.push(lenient.decode(line))
    try { strict.decode(line) } catch { invalidLines++ }
  }
  let from = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 10) continue
    add(bytes.subarray(from, i > from && bytes[i - 1] === 13 ? i - 1 : i))
    from = i + 1
  }
  if (from < bytes.length) add(bytes.subarray(from))
  return { lines, invalidLines }
}

const piece = fc.oneof(
  fc.constantFrom('\n', '\r\n', '\r', '\r\r\n', '\n\n', 'a', 'words of a line', 'é', '€uro', '😀', '\ufeff', '\0').map(text => Buffer.from(text)),
  fc.constantFrom([0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf0, 0x9f]).map(bytes => Buffer.from(bytes)),
)

test('lines are those of the model', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
    const bytes = Buffer.concat(pieces)
    assert.deepEqual(decodeLines(bytes), model(bytes))
  }), { numRuns: 2000 })
})

const cases: readonly (readonly [string, string | number[], readonly string[], number])[] = [
  ['nothing', '', [], 0],
  ['one end', '\n', [''], 0],
  ['an end and a return', '\r\n', [''], 0],
  ['last line without an end', 'a\nb', ['a', 'b'], 0],
  ['a return at the very end stays', 'a\nb\r', ['a', 'b\r'], 0],
  ['a return alone ends nothing', 'a\rb\n', ['a\rb'], 0],
  ['only one return is dropped', 'a\r\r\n', ['a\r'], 0],
  ['empty lines', '\n\r\n\na\n\n', ['', '', '', 'a', ''], 0],
  ['ASCII and others', 'plain\r\nschön\r\nplain\n😀', ['plain', 'schön', 'plain', '😀'], 0],
  ['invalid bytes, counted by line', [0xff, 0xff, 10, 0x61, 10, 0xc3, 10], ['\ufffd\ufffd', 'a', '\ufffd'], 2],
]

for (const [name, text, lines, invalidLines] of cases) {
  test(`lines: ${name}`, () => assert.deepEqual(decodeLines(typeof text === 'string' ? Buffer.from(text) : Buffer.from(text)), { lines, invalidLines }))
}

test('lines share no memory with the block', () => {
  const block = Buffer.from('plain\nschön\n')
  const { lines } = decodeLines(block)
  block.fill(0xdb)
  assert.deepEqual(lines, ['plain', 'schön'])
})

test('pieces: the same lines as the whole block, wherever a piece ends', () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i} ${'é'.repeat(i % 7)} line`)
  for (const [text, last] of [[lines.join('\n'), true], [`${lines.join('\r\n')}\n`, false], [`${'x'.repeat(300_000)}\n${lines.join('\n')}\n`, false], ['', false]] as const) {
    const block = Buffer.from(text)
    const whole = decodeLines(block).lines
    const pieces = [...decodeLinePieces(block)].map(piece => piece.lines)
    assert.deepEqual(pieces.flat(), text === '' ? [] : whole)
    assert.ok(text === '' || pieces.length > 1)
    assert.equal(last, !text.endsWith('\n') && text !== '')
  }
})
