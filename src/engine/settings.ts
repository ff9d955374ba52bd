// Settings of the engines.

import { totalmem } from 'node:os'
import { defineSettings, kinds } from '../base/define-settings.ts'

export const engineSettings = defineSettings({
  'spark.default.parallelism': kinds.count(0, 'Partitions of sources and shuffles where the program names none; 0 means the number of worker threads.'),
  'spark.task.maxFailures': kinds.count(4, 'Attempts of a task before its job fails (worker threads; the inline master tries once).'),
  'spark.speculation': kinds.boolean(false, 'Whether a task that takes much longer than the others of its stage has a second attempt started beside it; the first result wins. Never for stateful stages, `foreach`, saves, and what adds to accumulators.'),
  'spark.speculation.interval': kinds.durationMs(100, 'How often running tasks are looked at.'),
  'spark.speculation.multiplier': kinds.ratio(3, 'How many times the median of its stage a task must run to be slow.'),
  'spark.speculation.quantile': kinds.ratio(0.9, 'The part of a stage\'s tasks that must have ended before others are slow.'),
  'spark.speculation.minTaskRuntime': kinds.durationMs(100, 'What runs shorter is not slow; at least 100 ms.'),
  'spark.driver.maxResultSize': kinds.bytes(2 ** 30, 'Most bytes, as encoded, that the tasks of one job give to its action; 0 means no limit.'),
  'spark.driver.memory': kinds.bytes(Math.min(totalmem(), process.constrainedMemory() || Infinity), 'Memory of the process, with all its threads: the other limits are parts of it where they are not given. Default: that of the machine, or of the container.'),
  'spark.shuffle.compress': kinds.boolean(false, 'Whether the output of map tasks is compressed where it goes to files. It pays where the disk moves less than about 150 MB/s.'),
  'spark.shuffle.spill.compress': kinds.boolean(false, 'Whether what tasks spill of aggregations, groups, sorts and joins is compressed.'),
  'spark.rdd.compress': kinds.boolean(false, 'Whether persisted partitions are compressed where they are in files.'),
  'spark.io.compression.codec': kinds.oneOf('zstd', ['zstd'], 'How it is done.'),
  'spark.io.compression.zstd.level': kinds.count(1, 'The level of zstd, from 1 (fast) to 22.'),
  'memory.blocks': kinds.bytes(0, 'Most shared memory for blocks: input, shuffles, persisted partitions. Default: a quarter of spark.driver.memory.'),
  'memory.shuffle': kinds.bytes(0, 'Memory for what tasks aggregate, group and sort, divided among those that run at once; what is more goes to files in `spark.local.dir`. A task never takes more than a quarter of its heap. Default: an eighth of spark.driver.memory.'),
  'memory.worker': kinds.bytes(0, 'Heap of one worker thread above which it is terminated and its task tried once more, alone. Default: an equal part of half of spark.driver.memory, at least 256 MB, at most 4 GB.'),
  'memory.decoded': kinds.bytes(0, 'Records of RDDs persisted as objects that one worker thread holds decoded, estimated; beyond it they are decoded anew each time. At most half of its heap. Default: half of memory.worker.'),
})
