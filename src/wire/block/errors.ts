// Error codes of blocks.

import { defineErrors } from '../../base/define-errors.ts'

export const blockErrors = defineErrors({
  RIV_BLOCK_FORMAT: {
    message: (what: string, found: number) => `a block has the ${what} ${found}, which this version does not know`,
    hint: 'read it with the version of Rivulet that wrote it, or a newer one',
    docs: 'Blocks carry the version of their format and the codecs of their columns. This one was written by a newer version, or is damaged.',
  },
  RIV_CLASS_UNKNOWN: {
    message: (ref: string) => `a record is an instance of a class that is not known here: ${ref}`,
    hint: 'export the class from a module that the reading program can import',
    docs: 'Instances travel as the name of their class and their own properties. Whoever reads them needs the class: the same module and export, or the function that brought it along.',
  },
  RIV_RECORD_SIZE: {
    message: (count: number, bytes: number, limit: number) => `${count === 1 ? 'a record' : `a block of ${count} records`} takes ${bytes} bytes encoded; the limit is ${limit}`,
    hint: 'cut large records into smaller ones (flatMap), or keep the data in a file and let the record name it',
    docs: 'Records travel in blocks, and a block has a limit of 1 GiB. Blocks of several records are cut until they fit; one record that is larger cannot travel.',
  },
  RIV_RECORD_NOT_ENCODABLE: {
    message: (path: string, what: string) => `a record cannot leave its task: ${path === '' ? 'it' : path} is ${what}`,
    hint: 'map to plain values first; for Promises use mapAsync; export a class from a module to send its instances; take what you need out of private members (url.href)',
    docs: 'Records between tasks, and results, are written as bytes. Strings, numbers, bigints, booleans, null, undefined, Dates, Maps, Sets, typed arrays, RegExps, Errors, arrays, plain objects and instances of importable classes can be written; functions, symbols, Promises, sockets and other handles cannot, nor can instances with `#private` members or what extends other built-in classes (a URL, a WeakMap): nobody outside can copy what they hold.',
  },
})
