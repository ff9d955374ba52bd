// `import` in the shell, and in functions typed there: from the working folder, or from the file that was loaded; on any thread.
//
// - 'rivulet' is this package, installed in the working folder or not.

import { pathToFileURL } from 'node:url'
import { importerOf } from '../../wire/closure/load-module.ts'

/** The name under which `shellImport` is a global variable of the shell. */
export const importName = '$import'

/** Imports a module as a program in the working folder would. */
export function shellImport(spec: string, options?: ImportCallOptions, parent = pathToFileURL(`${process.cwd()}/shell`).href): Promise<unknown> {
  if (spec === 'rivulet') return import('../../index.ts')
  return importerOf(parent)(spec, options)
}
