// Error codes of file systems. Every one has the operating system's error as its cause, where there is one.

import { defineErrors } from '../base/define-errors.ts'

export const storageErrors = defineErrors({
  RIV_FILE_NOT_FOUND: {
    message: (operation: string, path: string) => `${operation}: there is no file or folder ${path}`,
    hint: 'check the path; a relative one starts at the working folder of the process',
    docs: 'A file or folder that was to be read, listed or renamed does not exist.',
  },
  RIV_FILE_EXISTS: {
    message: (operation: string, path: string) => `${operation}: ${path} already exists`,
    hint: 'remove it first, or use another name',
    docs: 'Exclusive creation and renaming replace nothing: of two programs that claim a name, one wins and the other gets this error.',
  },
  RIV_FILE_ACCESS: {
    message: (operation: string, path: string) => `${operation}: access to ${path} is denied`,
    hint: 'check the owner and the mode of the file and of the folders above it, and that its file system is not read-only',
    docs: 'The operating system refused access to a file or folder.',
  },
  RIV_FILE_KIND: {
    message: (operation: string, path: string) => `${operation}: ${path}, or a part of it, is a folder where a file is needed, or a file where a folder is needed`,
    hint: 'check the path',
    docs: 'A path names a folder and is used as a file, or the other way round.',
  },
  RIV_FILE_FULL: {
    message: (operation: string, path: string) => `${operation}: ${path}: the disk is full, or the quota is used up`,
    hint: 'make room; what was acknowledged before is not lost',
    docs: 'There is no room left for what was to be written.',
  },
  RIV_FILE_IO: {
    message: (operation: string, path: string, problem: string) => `${operation}: ${path}: ${problem}`,
    hint: 'the cause is the error of the operating system',
    docs: 'Reading or writing failed: the device is gone, too many files are open.',
  },
  RIV_FILE_DAMAGED: {
    message: (path: string, problem: string) => `${path} cannot be decompressed: ${problem}`,
    hint: 'check the file with gzip -t or zstd -t',
    docs: 'A file whose name ends in `.gz` or `.zst` is no file of that kind, or ends too early.',
  },
  RIV_FILE_CORRUPT: {
    message: (path: string, problem: string) => `${path} is damaged: ${problem}`,
    hint: 'write it again; a checkpoint is made again from its source',
    docs: 'An object file or a checkpoint is not what was written: it was cut short, its bytes changed, or it is another file.',
  },
  RIV_RECORD_LENGTH: {
    message: (path: string, bytes: number, length: number) => `${path} has ${bytes} bytes, which is no multiple of the record length of ${length} bytes`,
    hint: 'check the length, and that files appear under their names only when they are whole',
    docs: 'Files of records of a fixed length hold whole records only; one that does not is of another kind, or is still being written.',
  },
  RIV_FILE_CODEC: {
    message: (operation: string, codec: string, known: string) => `${operation} was given the codec ${codec}; it knows ${known}`,
    hint: 'use one of them, or none',
    docs: 'A file was to be written with a compression that the format does not have here.',
  },
  RIV_FILE_SCHEME: {
    message: (path: string, scheme: string) => `no file system is known for ${scheme}: in ${path}`,
    hint: 'use a plain path or a file: URL',
    docs: 'Paths are plain local paths or URLs; the scheme of the URL names the file system.',
  },
})
