// The layout of a block. Numbers are little endian; every part begins at a multiple of 8.
//
//   0       1      2      4      8           12        16
//   version │codec │flags │count │body bytes │reserved │ [timestamps: f64 × count] [control: u32 length, bytes] body
//
// The body is one column. A column is
//   0      1        4            8
//   codec │ (zero) │ body bytes │ body, padded to 8
// and columns nest: a pair is two columns, a record one for each property. A column whose values are not all of one kind escapes to v8's format.
// Padding is zero, so equal columns give equal bytes, except for v8's own: it may write an integer in two ways.

export const formatVersion = 1
export const headerBytes = 16
export const columnHeaderBytes = 8

/** Sections before the body. */
export const blockFlag = { timestamps: 1, control: 2 } as const

/** How the values of a column are written. */
export const codec = {
  /** v8.serialize of the array of values. */
  v8: 1,
  /** u32 text bytes, u8 width of a length, u8 encoding, lengths in UTF-16 units, text. */
  strings: 2,
  f64: 3,
  i32: 4,
  /** u8 each. */
  booleans: 5,
  /** u32 arity, then a column for each place. */
  tuple: 6,
  /** u32 properties, a strings column of their names, then a column for each. */
  record: 7,
  /** v8.serialize of the values with class instances replaced; see class-instances.ts. */
  classes: 8,
  /** u32 elements in all, an i32 column of lengths, then one column of all elements. */
  list: 9,
  /** u32 values that are neither null nor undefined, a marks column, then one column of those values. */
  optional: 10,
  /** u8 each, see `mark`. */
  marks: 11,
  /** f64 of milliseconds each. */
  dates: 12,
  /** u32 kind (see `bytesKind`), u32 zero, u32 lengths, the bytes. */
  bytes: 13,
  /** As a record, after a column with the name of the class: instances of one class with the same properties. */
  instances: 14,
  /** Nothing: texts that are those of the column before it. */
  same: 15,
} as const

/** What stands at a place of an optional column. */
export const mark = { present: 0, null: 1, undefined: 2 } as const

/** What the values of a bytes column are. */
export const bytesKind = { uint8Array: 0, buffer: 1 } as const

/** Encodings of a strings column. */
export const textEncoding = { ascii: 0, utf8: 1, utf16: 2 } as const

export const pad8 = (bytes: number): number => Math.ceil(bytes / 8) * 8
