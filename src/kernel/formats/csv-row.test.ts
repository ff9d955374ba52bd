// A row of CSV: what its fields are, and that what is written is read.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { csvFields, csvLine, type CsvFormat } from './csv-row.ts'

const rfc: CsvFormat = { delimiter: ',', quote: '"', escape: '"', comment: '', header: false, multiLine: true }
const spark: CsvFormat = { ...rfc, escape: '\\' }

describe('fields', () => {
  const cases: [row: string, fields: string[] | undefined, format?: CsvFormat][] = [
    ['a,b', ['a', 'b']],
    ['', ['']],
    [',', ['', '']],
    [' a , b ', [' a ', ' b ']],
    ['"a,b",c', ['a,b', 'c']],
    ['"",""', ['', '']],
    ['"a""b"', ['a"b']],
    ['""""', ['"']],
    ['a"b,5" pipe', ['a"b', '5" pipe']],
    ['"two\nlines",c', ['two\nlines', 'c']],
    ['"open', undefined],
    ['"open""', undefined],
    ['a,"', undefined],
    ['"a\\"b",c', ['a"b', 'c'], spark],
    ['"a\\\\",c', ['a\\', 'c'], spark],
    ['"a\\n"', ['a\\n'], spark],
    ['"ends in an escape\\"', undefined, spark],
    ['a||b', ['a', 'b'], { ...rfc, delimiter: '||' }],
    ["'a;b';\"c\"", ['a;b', '"c"'], { ...rfc, delimiter: ';', quote: "'", escape: "'" }],
    ['"a",b', ['"a"', 'b'], { ...rfc, quote: '' }],
  ]
  for (const [row, fields, format = rfc] of cases) test(JSON.stringify(row), () => assert.deepEqual(csvFields(row, format), fields))
  test('what follows a closing quote is refused', () => assert.throws(() => csvFields('a,"b"c', rfc), /closing quote of field 2/))
})

describe('lines', () => {
  const cases: [fields: (string | null | undefined)[], line: string, format?: CsvFormat][] = [
    [['a', 'b'], 'a,b'],
    [['', null, undefined], '"",,'],
    [[null], '""'],
    [['a,b', 'c"d', 'e\nf'], '"a,b","c""d","e\nf"'],
    [['a"b'], '"a\\"b"', spark],
    [['#a', '#b'], '"#a",#b', { ...rfc, comment: '#' }],
  ]
  for (const [fields, line, format = rfc] of cases) test(line, () => assert.equal(csvLine(fields, format), line))
})

test('what is written is read, in every format', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', '\\', '|', '\n', '\r', ' ', 'ä', "'") })
  const formats = [rfc, spark, { ...rfc, delimiter: '|' }, { ...rfc, delimiter: '\\' }, { ...rfc, quote: "'", escape: "'" }, { ...rfc, delimiter: 'aa' }, { ...spark, delimiter: 'aä' }]
  fc.assert(fc.property(fc.array(text, { minLength: 1 }), fc.constantFrom(...formats), (fields, format) => {
    assert.deepEqual(csvFields(csvLine(fields, format), format), fields)
  }), { numRuns: 2000 })
})
