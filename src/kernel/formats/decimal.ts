// Decimals as Parquet and Avro hold them, as JavaScript values.
//
// A decimal of up to 15 digits is the number nearest to it, which shows the same digits; a longer one is a string of its digits, since no
// number holds them. The column's declared precision decides, so that a column has one type.

const numberDigits = 15

/** The decimal `unscaled` · 10^-scale. */
export function decimalValue(unscaled: bigint, scale: number, precision: number): number | string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`
  return precision <= numberDigits ? Number(text) : text
}

/** The unscaled value of a number or a string of digits; undefined where the scale or the precision cannot hold it. */
export function unscaledValue(value: unknown, scale: number, precision: number): bigint | undefined {
  const digits = /^(-?)(\d+)(?:\.(\d*))?$/.exec(typeof value === 'number' ? decimalText(value) : typeof value === 'string' ? value : '')
  if (digits === null) return undefined
  const [, sign, whole, fraction = ''] = digits
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > scale) return undefined
  const unscaled = BigInt(whole! + kept.padEnd(scale, '0'))
  if (unscaled >= 10n ** BigInt(precision)) return undefined
  return sign === '-' ? -unscaled : unscaled
}

/** The digits that name a number, without an exponent. */
function decimalText(value: number): string {
  const text = String(value)
  const [, sign, first, rest = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?e([-+]\d+)$/.exec(text) ?? []
  if (exponent === undefined) return text
  const power = Number(exponent)
  return power < 0 ? `${sign}0.${'0'.repeat(-power - 1)}${first}${rest}` : `${sign}${first}${rest.padEnd(power, '0')}`
}

/** A big-endian two's complement integer as bytes: as few as hold it, or so many. */
export function bigEndianBytes(value: bigint, size?: number): Buffer {
  let bytes = 1
  while (BigInt.asIntN(bytes * 8, value) !== value) bytes++
  const width = Math.max(bytes, size ?? 0)
  return Buffer.from(BigInt.asUintN(width * 8, value).toString(16).padStart(width * 2, '0'), 'hex')
}

/** A big-endian two's complement integer. */
export function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}
