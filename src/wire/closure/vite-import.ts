// `import()` as vite rewrites it for vitest: files are named from the project's root, `/src/helpers.ts`.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importerOf } from './load-module.ts'

/** `import()` for a function of the module `parent`. */
export function viteImporter(parent: string): (spec: string) => Promise<unknown> {
  return spec => importerOf(parent)(spec.startsWith('/') ? pathToFileURL(fileOf(spec, fileURLToPath(parent))).href : spec)
}

/** The root is the first folder above the module in which there is such a file. */
function fileOf(spec: string, parent: string): string {
  if (spec.startsWith('/@fs/')) return spec.slice('/@fs'.length)
  for (let folder = dirname(parent); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, spec))) return join(folder, spec)
  }
  return spec
}
