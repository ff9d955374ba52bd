// How much a capture takes along, and how.

import type { UserModules } from './main-script.ts'

export interface CaptureOptions {
  /** `ref`: workers import the user's modules (threads, same disk); `value`: they get copies. Packages are always imported. */
  readonly userModules: UserModules
  /** Captured bytes above which there is a warning. */
  readonly warnBytes: number
  /** Captured bytes above which the function is refused. */
  readonly maxBytes: number
}

export const defaultOptions: CaptureOptions = { userModules: 'ref', warnBytes: 1 << 20, maxBytes: 64 << 20 }
