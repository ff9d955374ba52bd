// The globals of JavaScript and Node, by identity: a value that every thread has travels as its path, `Array.prototype.slice`.
//
// - Only what the language or Node put there counts: a method that a program added to a prototype is a value like any other.
// - The table is built at the first use and is the same on both sides.

const nodeNames = 'AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DecompressionStream ErrorEvent Event EventSource EventTarget File FormData Headers MessageChannel MessageEvent MessagePort Navigator Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming QuotaExceededError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLPattern URLSearchParams WebAssembly WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa clearImmediate clearInterval clearTimeout console crypto fetch global localStorage navigator performance process queueMicrotask sessionStorage setImmediate setInterval setTimeout structuredClone'.split(' ')
const languageNames = 'globalThis Object Function Array Number parseFloat parseInt isNaN isFinite Infinity NaN undefined Boolean String Symbol Date Promise RegExp Error AggregateError EvalError RangeError ReferenceError SuppressedError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer Atomics Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float16Array Float32Array Float64Array Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy Reflect FinalizationRegistry DisposableStack AsyncDisposableStack decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval SharedArrayBuffer'.split(' ')

/** Names that are globals in every Node thread; anything else on globalThis was put there by the program or the REPL. */
export const globalNames: ReadonlySet<string> = new Set([...nodeNames, ...languageNames])

/** Globals that are getters and cost little to read; other getters load a part of Node that the program may not use. */
const cheapGetters = new Set(['process', 'Buffer', 'performance', 'crypto', 'navigator'])

/** Globals of undici, which the first look at one of them loads [33 ms]; they are found by name instead. */
const undiciNames = new Set(['CloseEvent', 'EventSource', 'FormData', 'Headers', 'MessageEvent', 'Request', 'Response', 'WebSocket'])

/** Intrinsic objects without a global name. */
const intrinsics: Readonly<Record<string, () => unknown>> = {
  '%GeneratorFunction': () => protoOf(function* () {}).constructor,
  '%GeneratorFunction.prototype': () => protoOf(function* () {}),
  '%Generator.prototype': () => (protoOf(function* () {}) as { prototype: unknown }).prototype,
  '%AsyncFunction': () => protoOf(async function () {}).constructor,
  '%AsyncFunction.prototype': () => protoOf(async function () {}),
  '%AsyncGeneratorFunction': () => protoOf(async function* () {}).constructor,
  '%AsyncGeneratorFunction.prototype': () => protoOf(async function* () {}),
  '%AsyncGenerator.prototype': () => (protoOf(async function* () {}) as { prototype: unknown }).prototype,
  '%TypedArray': () => protoOf(Uint8Array),
  '%TypedArray.prototype': () => (protoOf(Uint8Array) as { prototype: unknown }).prototype,
  '%ArrayIterator.prototype': () => protoOf([][Symbol.iterator]()),
}

function protoOf(value: object): object {
  return Object.getPrototypeOf(value) as object
}

const functionText = Function.prototype.toString

/** Whether a function has no text: it is V8's or bound. */
export function isNative(f: Function): boolean {
  return functionText.call(f).endsWith('{ [native code] }')
}

let paths: ReadonlyMap<unknown, string> | undefined

/** The path of a value that every thread has. */
export function globalPath(value: unknown): string | undefined {
  paths ??= build()
  const path = paths.get(value)
  if (path !== undefined || typeof value !== 'function' || !globalNames.has(value.name)) return path
  // Loaded by Node after the table was built.
  return Object.getOwnPropertyDescriptor(globalThis, value.name)?.value === value ? value.name : undefined
}

function build(): Map<unknown, string> {
  const found = new Map<unknown, string>([[globalThis, 'globalThis']])
  const put = (value: unknown, path: string): boolean => {
    if ((typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') || value === null || found.has(value)) return false
    found.set(value, path)
    return true
  }
  const putMembers = (of: object, path: string, depth: number, nativeOnly: boolean): void => {
    const putFunction = (f: unknown, at: string): boolean => typeof f === 'function' && (!nativeOnly || isNative(f)) && put(f, at)
    for (const key of Reflect.ownKeys(of)) {
      const at = memberPath(path, key)
      if (at === undefined || key === 'caller' || key === 'callee' || key === 'arguments') continue
      const property = Object.getOwnPropertyDescriptor(of, key)!
      if (property.get) putFunction(property.get, `${at}|get`)
      if (property.set) putFunction(property.set, `${at}|set`)
      const value = property.value as unknown
      const isNew = typeof value === 'function' ? putFunction(value, at) : put(value, at)
      if (isNew && depth > 0 && typeof value !== 'symbol') putMembers(value as object, at, depth - 1, nativeOnly)
    }
  }
  for (const name of [...languageNames, ...nodeNames]) {
    const property = undiciNames.has(name) ? undefined : Object.getOwnPropertyDescriptor(globalThis, name)
    if (property === undefined || (property.get && !cheapGetters.has(name))) continue
    const value = (globalThis as Record<string, unknown>)[name]
    if (put(value, name)) putMembers(value as object, name, name === 'process' ? 0 : 2, languageNames.includes(name))
  }
  for (const [path, get] of Object.entries(intrinsics)) {
    const value = get()
    if (put(value, path)) putMembers(value as object, path, 1, true)
  }
  return found
}

function memberPath(path: string, key: string | symbol): string | undefined {
  if (typeof key === 'string') return key.includes('.') ? undefined : `${path}.${key}`
  return key.description?.startsWith('Symbol.') ? `${path}.@@${key.description.slice('Symbol.'.length)}` : undefined
}

/** The value at a path, in this thread. */
export function globalValue(path: string): unknown {
  const [place, accessor] = path.split('|') as [string, 'get' | 'set' | undefined]
  const intrinsic = place.startsWith('%') ? Object.keys(intrinsics).filter(p => place === p || place.startsWith(`${p}.`)).sort((a, b) => b.length - a.length)[0] : undefined
  let value: unknown = intrinsic === undefined ? globalThis : intrinsics[intrinsic]!()
  const keys = place === 'globalThis' || place === intrinsic ? [] : place.slice(intrinsic === undefined ? 0 : intrinsic.length + 1).split('.')
  for (const [i, part] of keys.entries()) {
    const key = part.startsWith('@@') ? Symbol[part.slice(2) as 'iterator'] : part
    if (accessor !== undefined && i === keys.length - 1) return Object.getOwnPropertyDescriptor(value, key)?.[accessor]
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}
