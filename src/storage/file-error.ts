// The coded error for what the operating system says about a file.

import { storageErrors } from './errors.ts'

/** The error of a failed operation, the system's own as its cause; one that has a code of ours stays as it is. */
export function fileError(error: unknown, operation: string, path: string): Error {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT': return storageErrors.RIV_FILE_NOT_FOUND.withCause(error, operation, path)
    case 'EEXIST': case 'ENOTEMPTY': return storageErrors.RIV_FILE_EXISTS.withCause(error, operation, path)
    case 'ENOSPC': case 'EDQUOT': return storageErrors.RIV_FILE_FULL.withCause(error, operation, path)
    case 'EACCES': case 'EPERM': case 'EROFS': return storageErrors.RIV_FILE_ACCESS.withCause(error, operation, path)
    case 'EISDIR': case 'ENOTDIR': return storageErrors.RIV_FILE_KIND.withCause(error, operation, path)
  }
  if (code?.startsWith('RIV_') === true) return error as Error
  return storageErrors.RIV_FILE_IO.withCause(error, operation, path, message)
}
