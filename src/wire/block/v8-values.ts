// Values in v8's own format. What is read shares no memory with its bytes: each typed array gets a buffer of its own size.

import { DefaultDeserializer } from 'node:v8'

class CopyingDeserializer extends DefaultDeserializer {
  /** Called by v8 for typed arrays, Buffers and DataViews; Node's own makes views of the bytes that are read. */
  _readHostObject(): unknown {
    const view = (DefaultDeserializer.prototype as unknown as { _readHostObject(): Uint8Array | DataView })._readHostObject.call(this)
    if (view instanceof DataView) return new DataView(Uint8Array.from(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)).buffer)
    return Uint8Array.prototype.slice.call(view) // Buffer's own slice is a view
  }
}

/** Reads what `serialize` wrote. */
export function readValues(bytes: Buffer): unknown {
  const reader = new CopyingDeserializer(bytes)
  reader.readHeader()
  return reader.readValue()
}
