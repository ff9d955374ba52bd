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

/** A big-endian two's complement integer. */
export function bigEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}
