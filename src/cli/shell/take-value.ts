// From the inspector's description of a value to the value itself.

import type { Runtime } from 'node:inspector'

const door = Symbol.for('rivulet.shell.value')

/** A command to the inspector that is answered at once. */
export type Post = <R>(method: string, params: object) => R

/** The value that a remote object stands for; `post` belongs to the session that described it. */
export function takeValue({ objectId, unserializableValue, value }: Runtime.RemoteObject, post: Post): unknown {
  const argument = objectId !== undefined ? { objectId } : unserializableValue !== undefined ? { unserializableValue } : { value: value as unknown }
  let taken: unknown
  Object.defineProperty(globalThis, door, { value: (found: unknown) => { taken = found }, configurable: true })
  const { result } = post<Runtime.EvaluateReturnType>('Runtime.evaluate', { expression: `globalThis[Symbol.for('${door.description}')]` })
  const functionDeclaration = 'function (value) { this(value) }'
  post('Runtime.callFunctionOn', { functionDeclaration, objectId: result.objectId, arguments: [argument] })
  Reflect.deleteProperty(globalThis, door)
  return taken
}
