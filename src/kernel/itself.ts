// The identity: bound to a value it carries the value into a task.

export const itself = <T>(value: T): T => value
