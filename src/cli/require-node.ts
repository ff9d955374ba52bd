// Refuses a Node that is older than the package's `engines` says.

import { cliErrors } from './errors.ts'

/** Throws RIV_CLI_NODE when `version` (`22.1.0`) is below `range` (`>=22.22`). */
export function requireNode(version: string, range: string): void {
  const needed = range.replace(/^>=\s*/, '')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
  if (major < neededMajor || (major === neededMajor && minor < neededMinor)) throw cliErrors.RIV_CLI_NODE(version, needed)
}
