// A value that a worker gets by importing, not by copying.

/** Where a value is exported. */
export interface ModuleRef {
  readonly kind: 'builtin' | 'cjs' | 'esm'
  /** `node:…`, an absolute path, or what stands in the import statement of `parent`. */
  readonly spec: string
  /** URL of the module whose import statement it is; without it `spec` is absolute. */
  readonly parent?: string
  /** The export (builtins: a path such as `promises.readFile`); without it the whole module. */
  readonly name?: string
}

/** The identity of the module of a reference. */
export function moduleKey(ref: ModuleRef): string {
  return `${ref.kind} ${ref.spec} ${ref.parent ?? ''}`
}
