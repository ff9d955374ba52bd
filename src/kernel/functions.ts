// The library's own functions, by name: operators that are compositions ship these instead of closures.
//
// Each export makes a function from plain data and other functions (a plan's `builtin`):
// - record functions get the record;
// - functions of key aggregation get what the user's would;
// - partition functions get (rows, partition, io) and return an iterable, those of a `partition` sink any value or a promise of it.

export * from './functions/by-key.ts'
export { addToSketch, distinctSketch, joinSketches, sketchCount, sketchOf } from './functions/distinct.ts'
export { fixedRecords } from './functions/fixed-records.ts'
export * from './functions/gather.ts'
export * from './functions/line-files.ts'
export { guarded } from './functions/guarded.ts'
export { bucketCounts, moments } from './functions/numbers.ts'
export * from './functions/objects.ts'
export * from './functions/partitions.ts'
export * from './functions/pipe.ts'
export * from './functions/records.ts'
export * from './functions/save-csv.ts'
export * from './functions/save-text.ts'
export * from './functions/sinks.ts'
export { adoptPanes, adoptState, keepRows, loadState, mapState, openState, readLog, readPanes, readState, replaceState, slideWindow, updatedPairs, updatePartition, updateState } from './functions/state.ts'
export * from './functions/table-files.ts'
export * from './functions/whole-files.ts'
export { writeToSink } from './functions/write-to-sink.ts'
export * from './functions/zip.ts'
