// Limits that are properties of the design, not settings.

/** Most partitions a plan may have. */
export const maxPartitions = 1 << 20
/** Largest block: one record encodes into at most so many bytes. */
export const maxBlockBytes = 1 << 30
/** Longest line a text source accepts, in bytes. */
export const maxLineBytes = 16 << 20
/** Characters of a record shown in an error. */
export const maxRecordChars = 2_000
/** Attempts of a task before its job fails. */
export const maxTaskAttempts = 4
