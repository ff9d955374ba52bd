// The public door of 'rivulet/testing': a clock that stands still, batches in and batches out, contract suites.

export { ManualClock } from '../base/clock.ts'
export { replayableSourceContract } from './replayable-source-contract.ts'
export type { ContractCase, SourceContractOptions, SourceUnderTest } from './replayable-source-contract.ts'
export { runBatches, testStream } from './run-batches.ts'
export type { Batches, RunBatchesOptions } from './run-batches.ts'
