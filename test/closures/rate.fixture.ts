// A module with state.

export let rate = 1
export function setRate(value: number): void { rate = value }
