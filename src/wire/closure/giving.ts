// Functions that give a value of the program: how the library's own functions get one. A capture knows what they give and need not ask V8.

const values = new WeakMap<Function, { readonly value: unknown }>()

/** A function that gives `value`, here and where it is rebuilt. */
export function giving<T>(value: T): () => T {
  const give = (): T => value
  values.set(give, { value })
  return give
}

/** What a function of `giving` gives. */
export const givenBy = (f: Function): { readonly value: unknown } | undefined => values.get(f)
