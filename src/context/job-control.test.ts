// Jobs as the program sees and steers them: events, properties, tags, cancelling by id, order, the status tracker.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContextListener, JobEnd, JobStart, StageCompleted, TaskEnd, TaskStart } from '../engine/events/context-listener.ts'
import { onEveryMaster } from '../rdd/masters.fixture.ts'
import { Context } from './context.ts'

/** Writes down what it is told. */
class Recorder implements Required<ContextListener> {
  readonly lines: string[] = []
  readonly jobs: JobStart[] = []
  readonly jobEnds: JobEnd[] = []
  readonly stages: StageCompleted[] = []
  readonly starts: TaskStart[] = []
  readonly ends: TaskEnd[] = []
  onJobStart(event: JobStart): void { this.jobs.push(event); this.lines.push(`job of ${event.stageInfos.map(stage => stage.numTasks).join('+')}`) }
  onJobEnd(event: JobEnd): void { this.jobEnds.push(event); this.lines.push(`job ${event.jobResult.succeeded ? 'done' : 'failed'}`) }
  onStageSubmitted({ stageInfo }: { stageInfo: { name: string } }): void { this.lines.push(`stage ${stageInfo.name.replace(/ at .*/, '')}`) }
  onStageCompleted(event: StageCompleted): void { this.stages.push(event); this.lines.push(`stage ${event.stageInfo.name.replace(/ at .*/, '')} ${event.stageInfo.failureReason === undefined ? 'done' : 'failed'}`) }
  onTaskStart(event: TaskStart): void { this.starts.push(event) }
  onTaskEnd(event: TaskEnd): void { this.ends.push(event); this.lines.push(`task ${event.reason}`) }
  onSpeculativeTaskSubmitted(): void { this.lines.push('speculative') }
  onBlockUpdated({ rddId, partition, where }: { rddId: number; partition: number; where: string }): void { this.lines.push(`block ${rddId} ${partition} ${where}`) }
  onUnpersistRDD({ rddId }: { rddId: number }): void { this.lines.push(`unpersist ${rddId}`) }
  onApplicationEnd(): void { this.lines.push('end') }
}

const outcome = (action: Promise<unknown>): Promise<Error & { code: string }> => action.then(() => assert.fail('it was not cancelled'), e => e)
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
/** An action that ends when it is cancelled; `begun` when its task runs. */
const endless = (ctx: Context): Promise<number> => ctx.range(0, 1, 1, 1).mapAsync((_, signal) => new Promise<number>((_resolve, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason as Error))
})).count()

onEveryMaster((context, master) => {
  const recorded = async (body: (ctx: Context, recorder: Recorder) => Promise<unknown>): Promise<Recorder> => {
    const recorder = new Recorder()
    context().addListener(recorder)
    try {
      await body(context(), recorder)
    } finally {
      context().removeListener(recorder)
    }
    return recorder
  }

  test('a job of two stages is told from its start to its end, before its action settles', async () => {
    const { lines, jobs, stages, starts, ends } = await recorded(ctx => ctx.range(0, 1_000, 1, 2).map(n => [n % 10, 1]).reduceByKey((a, b) => a + b, 3).count())
    assert.deepEqual(lines, [
      'job of 3+2', 'stage reduceByKey', 'task success', 'task success', 'stage reduceByKey done', 'stage count', 'task success', 'task success', 'task success', 'stage count done', 'job done',
    ])
    assert.match(jobs[0]!.stageInfos[0]!.name, /^count at src\/context\/job-control\.test\.ts:\d+:\d+$/)
    assert.deepEqual(jobs[0]!.stageInfos.map(stage => stage.parentIds), [[jobs[0]!.stageInfos[1]!.stageId], []])
    for (const { stageInfo } of stages) assert.ok(stageInfo.submissionTime! <= stageInfo.completionTime!)
    assert.deepEqual(starts.map(({ taskInfo }) => taskInfo.index).toSorted((a, b) => a - b), [0, 0, 1, 1, 2])
    for (const { taskInfo } of ends) assert.match(taskInfo.host, master === 'inline' ? /^driver$/ : /^worker \d+$/)
  })

  test('tasks tell what they counted', async () => {
    const { ends } = await recorded(ctx => ctx.range(0, 1_000, 1, 1).map(n => [n % 10, 1]).partitionBy(1).map(([, n]) => ({ junk: `${n}`.repeat(100) })).collect())
    const [map, result] = ends.map(end => end.taskMetrics!)
    assert.deepEqual([map!.recordsRead, map!.recordsWritten, map!.resultSize], [1_000, 1_000, 0])
    assert.ok(map!.shuffleWriteBytes > 1_000)
    assert.deepEqual([result!.shuffleReadBytes, result!.recordsRead, result!.recordsWritten], [map!.shuffleWriteBytes, 1_000, 1_000])
    assert.ok(result!.resultSize > 100_000 && result!.runTimeMs > 0 && result!.gcTimeMs >= 0)
  })

  test('files count the bytes read', async () => {
    const { ends } = await recorded(ctx => ctx.textFile('package.json', 1).count())
    assert.ok(ends[0]!.taskMetrics!.bytesRead > 500)
  })

  test('a failed attempt, the stage and the job say why', async () => {
    const { lines, ends, stages, jobEnds } = await recorded(ctx => outcome(ctx.range(0, 1, 1, 1).foreach(() => { throw new Error('no') })))
    const attempts = master === 'inline' ? 1 : 4
    assert.deepEqual(lines, ['job of 1', 'stage foreach', ...Array.from({ length: attempts }, () => 'task failed'), 'stage foreach failed', 'job failed'])
    assert.deepEqual(ends.map(end => end.taskInfo.attemptNumber), Array.from({ length: attempts }, (_, i) => i))
    for (const error of [ends.at(-1)!.error, stages[0]!.stageInfo.failureReason, jobEnds[0]!.jobResult.error]) assert.match(String(error), /RivuletError: foreach at .*Error: no/)
  })

  test('a listener that throws is logged and does no harm; one that is removed is told nothing', async () => {
    const warnings: string[] = []
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => { warnings.push(message) } }
    await using ctx = new Context({ master, log })
    const [recorder, removed] = [new Recorder(), new Recorder()]
    ctx.addListener({ onJobStart: () => { throw new Error('x') }, onTaskEnd: async () => { throw new Error('y') } })
    ctx.addListener(recorder)
    ctx.addListener(removed)
    ctx.removeListener(removed)
    assert.equal(await ctx.range(0, 3, 1, 1).count(), 3)
    await turn()
    assert.deepEqual([recorder.lines.length, removed.lines.length, warnings], [5, 0, ['a listener threw', 'a listener threw']])
  })

  test('the end of the application is the last event', async () => {
    const ctx = new Context({ master })
    const recorder = new Recorder()
    ctx.addListener(recorder)
    const begun = Promise.withResolvers<void>()
    ctx.addListener({ onTaskStart: () => begun.resolve() })
    const running = outcome(endless(ctx))
    await begun.promise
    await ctx.stop()
    const told = recorder.lines.length
    assert.deepEqual(recorder.lines.slice(-3), ['job failed', 'task killed', 'end'])
    await running
    await turn()
    assert.equal(recorder.lines.length, told)
  })

  test('unpersist is told', async () => {
    const { lines } = await recorded(async ctx => { const rdd = ctx.range(0, 1).cache(); await rdd.unpersist(); assert.ok(rdd.id > 0) })
    assert.match(lines.join(), /^unpersist \d+$/)
  })

  test('named accumulators are in the event of their stage', async () => {
    const { stages } = await recorded(async ctx => { const [seen, nameless] = [ctx.longAccumulator('seen'), ctx.longAccumulator()]; await ctx.range(0, 10, 1, 2).foreach(n => { seen.add(n); nameless.add(1) }) })
    assert.deepEqual(stages[0]!.stageInfo.accumulables.map(({ name, value }) => [name, value]), [['seen', 45]])
  })

  test('jobs have the properties of the scope in which they are begun', async () => {
    const { jobs } = await recorded(ctx => Promise.all([
      ctx.range(0, 1, 1, 1).count(),
      ctx.withJob({ group: 'g', description: 'd', tags: ['outer'] }, () => ctx.withJob({ tags: ['inner', 'outer'] }, () => ctx.range(0, 1, 1, 1).count())),
      (async () => {
        ctx.setJobGroup('mine')
        ctx.setJobDescription('what it does')
        ctx.addJobTag('a', 'b')
        ctx.removeJobTag('a')
        ctx.setLocalProperty('pool', 'fast')
        ctx.setLocalProperty('gone', 'x')
        ctx.setLocalProperty('gone', undefined)
        await turn()
        assert.deepEqual([[...ctx.getJobTags()], ctx.getLocalProperty('pool'), ctx.getLocalProperty('gone')], [['b'], 'fast', undefined])
        await ctx.range(0, 1, 1, 1).count()
        ctx.clearJobGroup()
        ctx.clearJobTags()
        await ctx.range(0, 1, 1, 1).count()
      })(),
    ]))
    const seen = jobs.map(({ properties: { group, description, tags, local } }) => [group, description, tags, local])
    assert.deepEqual(new Set(seen.map(each => JSON.stringify(each))), new Set([
      ['g', 'd', ['outer', 'inner'], {}], ['mine', 'what it does', ['b'], { pool: 'fast' }], [null, null, [], { pool: 'fast' }], [null, null, [], {}],
    ].map(each => JSON.stringify(each))))
  })

  test('cancelJobsWithTag cancels what has the tag', async () => {
    const ctx = context()
    const [mine, other] = [['x', 'mine'], ['x']].map(tags => outcome(ctx.withJob({ tags }, () => endless(ctx))))
    await turn()
    ctx.cancelJobsWithTag('mine', 'enough')
    const error = await mine!
    assert.equal(error.code, 'RIV_JOB_CANCELLED')
    assert.equal((error.cause as Error).message, 'cancelJobsWithTag("mine") was called: enough')
    assert.equal(await Promise.race([other, turn().then(() => 'runs')]), 'runs')
    ctx.cancelJobsWithTag('x')
    assert.equal((await other!).code, 'RIV_JOB_CANCELLED')
  })

  test('cancelJobGroupAndFutureJobs refuses what is begun in the group later', async () => {
    const ctx = context()
    const running = outcome(ctx.withJob({ group: 'future' }, () => endless(ctx)))
    await turn()
    ctx.cancelJobGroupAndFutureJobs('future', 'over')
    const later = outcome(ctx.withJob({ group: 'future' }, () => ctx.range(0, 1).count()))
    for (const error of [await running, await later]) assert.deepEqual([error.code, (error.cause as Error).message], ['RIV_JOB_CANCELLED', 'cancelJobGroupAndFutureJobs("future") was called: over'])
  })

  for (const tag of ['', 'a,b', 3 as never]) test(`${JSON.stringify(tag)} is no tag`, () => assert.throws(() => context().addJobTag(tag), { code: 'RIV_JOB_TAG' }))

  test('the status tracker knows what runs and what ended; jobs and stages are cancelled by id', async () => {
    const ctx = context()
    for (const by of ['job', 'stage'] as const) {
      const started = Promise.withResolvers<number>()
      const listener: ContextListener = { onTaskStart: ({ stageId }) => started.resolve(stageId) }
      ctx.addListener(listener)
      const running = outcome(ctx.withJob({ group: `tracked ${by}` }, () => endless(ctx)))
      await started.promise
      const tracker = ctx.statusTracker
      const [jobId] = tracker.getActiveJobIds()
      const [stageId] = tracker.getActiveStageIds()
      assert.deepEqual(tracker.getJobInfo(jobId!), { jobId, stageIds: [stageId], status: 'RUNNING', group: `tracked ${by}`, tags: [] })
      const { submissionTime, name, ...counts } = tracker.getStageInfo(stageId!)!
      assert.deepEqual(counts, { stageId, numTasks: 1, numActiveTasks: 1, numCompletedTasks: 0, numFailedTasks: 0 })
      assert.ok(submissionTime! > 0 && name.startsWith('count at'))
      if (by === 'job') ctx.cancelJob(jobId!, 'why')
      else ctx.cancelStage(stageId!, 'why')
      ctx.removeListener(listener)
      const error = await running
      assert.deepEqual([error.code, (error.cause as Error).message], ['RIV_JOB_CANCELLED', by === 'job' ? `cancelJob(${jobId}) was called: why` : `cancelStage(${stageId}) was called: why`])
      assert.deepEqual([tracker.getActiveJobIds(), tracker.getActiveStageIds(), tracker.getJobIdsForGroup(`tracked ${by}`), tracker.getJobInfo(jobId!)!.status], [[], [], [jobId], 'FAILED'])
      assert.equal(tracker.getStageInfo(stageId!)!.numCompletedTasks, 0)
    }
  })

  test('killTaskAttempt ends an attempt, which is made again', async () => {
    await using ctx = new Context({ master })
    const recorder = new Recorder()
    ctx.addListener(recorder)
    const { lines, starts, ends } = recorder
    {
      const folder = mkdtempSync(join(tmpdir(), 'rivulet-kill-'))
      const mark = join(folder, 'begun')
      const tries = ctx.longAccumulator()
      const running = ctx.range(0, 1, 1, 1).mapAsync((n, signal) => new Promise<number>((resolve, reject) => {
        const { existsSync: exists, writeFileSync: write } = process.getBuiltinModule('node:fs')
        tries.add(1)
        if (exists(mark)) resolve(n)
        write(mark, '')
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })).collect()
      while (!existsSync(mark) || starts.length === 0) await turn()
      assert.equal(ctx.killTaskAttempt(starts[0]!.taskInfo.taskId), true)
      assert.deepEqual([await running, tries.value], [[0], 1])
      assert.equal(ctx.killTaskAttempt(starts[0]!.taskInfo.taskId), false)
      rmSync(folder, { recursive: true })
    }
    assert.deepEqual(lines, ['job of 1', 'stage collect', 'task killed', 'task success', 'stage collect done', 'job done'])
    assert.match(String(ends[0]!.error), /killTaskAttempt\(\d+\) was called/)
  })

  test('runJob and submitJob run a function over partitions', async () => {
    const ctx = context()
    const numbers = ctx.range(0, 10, 1, 3)
    assert.deepEqual(await ctx.runJob(numbers, rows => [...rows]), [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9]])
    assert.deepEqual(await ctx.runJob(numbers, async rows => [...rows].length, [2, 0]), [4, 3])
    const given: [number, number][] = []
    await ctx.submitJob(numbers, rows => Math.max(...rows), [1], (partition, most) => given.push([partition, most]))
    assert.deepEqual(given, [[1, 5]])
    await assert.rejects(ctx.runJob(numbers, rows => [...rows], [3]), { code: 'RIV_PARTITION_INDEX', message: /partition 3; the RDD has 3/ })
  })

  test('what a context says of itself', () => {
    const ctx = context()
    assert.deepEqual([ctx.isLocal, ctx.defaultMinPartitions, /^local-\d+-/.test(ctx.applicationId), ctx.startTime <= Date.now(), /^\d+\.\d+\.\d+/.test(ctx.version)], [true, ctx.defaultParallelism === 1 ? 1 : 2, true, true, true])
  })
})

test('the tasks of an earlier job come first, those of later ones fill what is free', async () => {
  await using ctx = new Context({ master: 'local[1]' })
  const recorder = new Recorder()
  ctx.addListener(recorder)
  const first = ctx.range(0, 4, 1, 2).map(n => [n, n]).partitionBy(2).count()
  const second = ctx.range(0, 4, 1, 4).collect()
  await Promise.all([first, second])
  const [a, b] = recorder.jobs.map(job => job.stageInfos.map(stage => stage.stageId))
  assert.deepEqual(recorder.starts.map(({ stageId }) => (a!.includes(stageId) ? 'a' : b!.includes(stageId) ? 'b' : '?')).join(''), 'aaaabbbb')
})
