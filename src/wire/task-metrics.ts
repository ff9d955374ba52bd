// What a task counts while it runs, reported with its end. Counted per block or per task, never per record.

export interface TaskMetrics {
  /** Records of the task's input: blocks, files, ranges, parts of sources, shuffles, logs of states that are not at hand. */
  recordsRead: number
  /** Bytes of files and of input blocks other than those of shuffles. */
  bytesRead: number
  /** Records that went into files, results, shuffles, and what streams remember. */
  recordsWritten: number
  /** Bytes that went into files. */
  bytesWritten: number
  shuffleReadBytes: number
  shuffleWriteBytes: number
  /** Bytes that went to disk for lack of memory. */
  spilledBytes: number
  /** Lines that were not valid UTF-8 and got U+FFFD. */
  invalidUtf8Lines: number
  /** Wall time of the attempt. */
  runTimeMs: number
  /** Time that garbage collection took of it; counted only while somebody listens. */
  gcTimeMs: number
  /** Bytes of the result records that go to the action. */
  resultSize: number
}

/** All zero. */
export const newMetrics = (): TaskMetrics => ({
  recordsRead: 0, bytesRead: 0, recordsWritten: 0, bytesWritten: 0, shuffleReadBytes: 0, shuffleWriteBytes: 0, spilledBytes: 0, invalidUtf8Lines: 0, runTimeMs: 0, gcTimeMs: 0, resultSize: 0,
})
