// What is known of jobs and stages besides how they are scheduled: names, times, ends. Answers the status tracker and tells listeners.
//
// - Running jobs are looked up where they are scheduled; of those that ended plain records stay, the last thousand: they hold no plans.
// - Events are made only while somebody listens.

import type { Job } from '../../rdd/job-runner.ts'
import type { TaskMetrics } from '../../wire/task-metrics.ts'
import type { AccumulableInfo, JobProperties, StageInfo, TaskEnd, TaskInfo } from '../events/context-listener.ts'
import type { ListenerBus } from '../events/listener-bus.ts'
import type { JobStatus, JobStatuses, StageStatus } from '../job-status.ts'
import type { StageRun, TaskAttempt } from './dag-scheduler.ts'

/** How many ended jobs and stages are remembered. */
const retained = 1_000

interface JobRecord { readonly id: number; readonly stages: readonly StageRun[]; readonly properties: JobProperties }

interface StageRecord {
  readonly stage: StageRun
  readonly name: string
  readonly properties: JobProperties
  readonly accumulables: Map<number, AccumulableInfo>
  submissionTime?: number
}

/** The attempts that are on a thread now. */
export type RunningTasks = () => Iterable<TaskAttempt>

export class JobRecords implements JobStatuses {
  readonly #bus: ListenerBus
  readonly #running: RunningTasks
  readonly #jobs = new Map<number, JobRecord>()
  readonly #stages = new Map<number, StageRecord>()
  readonly #endedJobs = new Map<number, JobStatus>()
  readonly #endedStages = new Map<number, StageStatus>()

  constructor(bus: ListenerBus, running: RunningTasks) {
    this.#bus = bus
    this.#running = running
  }

  /** Whether events are wanted. */
  get listening(): boolean {
    return !this.#bus.isEmpty
  }

  jobStarted(id: number, stages: readonly StageRun[], { action, site }: Job, properties: JobProperties): void {
    this.#jobs.set(id, { id, stages, properties })
    for (const stage of stages) {
      if (this.#stages.has(stage.id)) continue // another job runs it
      const [op, { place }] = stage.end.kind === 'action' ? [action, site] : [stage.end.shuffle.op, stage.end.shuffle.site]
      this.#stages.set(stage.id, { stage, name: place === '' ? op : `${op} at ${place}`, properties, accumulables: new Map() })
    }
    if (this.listening) this.#bus.post('onJobStart', { jobId: id, time: Date.now(), stageInfos: stages.map(stage => this.#info(stage)), properties })
  }

  jobEnded(id: number, error?: Error): void {
    const record = this.#jobs.get(id)
    if (record === undefined) return
    remember(this.#endedJobs, id, jobStatus(record, error === undefined ? 'SUCCEEDED' : 'FAILED'))
    this.#jobs.delete(id)
    for (const stage of record.stages) if (stage.jobs.size === 0) this.#stages.delete(stage.id)
    if (this.listening) this.#bus.post('onJobEnd', { jobId: id, time: Date.now(), jobResult: { succeeded: error === undefined, ...(error && { error }) } })
  }

  stageSubmitted(stage: StageRun): void {
    const record = this.#stages.get(stage.id)
    if (record === undefined) return
    record.submissionTime = Date.now()
    if (this.listening) this.#bus.post('onStageSubmitted', { stageInfo: this.#info(stage), properties: record.properties })
  }

  stageCompleted(stage: StageRun, error?: Error): void {
    const record = this.#stages.get(stage.id)
    if (record === undefined) return
    if (this.listening) this.#bus.post('onStageCompleted', { stageInfo: { ...this.#info(stage), completionTime: Date.now(), ...(error && { failureReason: error }) } })
    remember(this.#endedStages, stage.id, stageStatus(record, 0))
    this.#stages.delete(stage.id)
  }

  /** Gives what `taskEnded` wants to know. */
  taskStarted(task: TaskAttempt, host: string): TaskInfo {
    const taskInfo = { taskId: task.id, index: task.partition, attemptNumber: task.attempt - 1, launchTime: Date.now(), host, speculative: task.speculative }
    this.#bus.post('onTaskStart', { stageId: task.stage.id, taskInfo })
    return taskInfo
  }

  taskEnded(task: TaskAttempt, info: TaskInfo, reason: TaskEnd['reason'], { error, metrics }: { error?: Error | undefined; metrics?: TaskMetrics | undefined }): void {
    this.#bus.post('onTaskEnd', { stageId: task.stage.id, taskInfo: { ...info, finishTime: Date.now() }, reason, ...(error && { error }), ...(metrics && { taskMetrics: metrics }) })
  }

  speculated({ stage, partition }: TaskAttempt): void {
    this.#bus.post('onSpeculativeTaskSubmitted', { stageId: stage.id, taskIndex: partition })
  }

  unpersisted(rddId: number): void {
    this.#bus.post('onUnpersistRDD', { rddId })
  }

  /** Named accumulators to which a task of the stage added. */
  accumulated(stage: StageRun, infos: readonly AccumulableInfo[]): void {
    for (const info of infos) this.#stages.get(stage.id)?.accumulables.set(info.id, info)
  }

  activeJobs(): JobStatus[] {
    return [...this.#jobs.values()].map(record => jobStatus(record, 'RUNNING'))
  }

  activeStages(): StageStatus[] {
    return [...this.#stages.values()].filter(record => record.submissionTime !== undefined).map(record => this.#live(record))
  }

  job(jobId: number): JobStatus | undefined {
    const record = this.#jobs.get(jobId)
    return record === undefined ? this.#endedJobs.get(jobId) : jobStatus(record, 'RUNNING')
  }

  jobs(): JobStatus[] {
    return [...this.#endedJobs.values(), ...this.activeJobs()]
  }

  stage(stageId: number): StageStatus | undefined {
    const record = this.#stages.get(stageId)
    return record === undefined ? this.#endedStages.get(stageId) : this.#live(record)
  }

  #live(record: StageRecord): StageStatus {
    let active = 0
    for (const task of this.#running()) if (task.stage === record.stage) active++
    return stageStatus(record, active)
  }

  #info(stage: StageRun): StageInfo {
    const { name = '', submissionTime, accumulables = new Map<number, AccumulableInfo>() } = this.#stages.get(stage.id) ?? {}
    return { stageId: stage.id, name, numTasks: stage.numTasks, parentIds: stage.parentIds, ...(submissionTime !== undefined && { submissionTime }), accumulables: [...accumulables.values()] }
  }
}

function jobStatus({ id, stages, properties }: JobRecord, status: JobStatus['status']): JobStatus {
  return { jobId: id, stageIds: stages.map(stage => stage.id), status, group: properties.group, tags: properties.tags }
}

function stageStatus({ stage, name, submissionTime }: StageRecord, active: number): StageStatus {
  const { id, numTasks, missing, failedTasks } = stage
  return { stageId: id, name, submissionTime, numTasks, numActiveTasks: active, numCompletedTasks: numTasks - missing.size, numFailedTasks: failedTasks }
}

function remember<T>(ended: Map<number, T>, id: number, value: T): void {
  ended.set(id, value)
  if (ended.size > retained) ended.delete(ended.keys().next().value!)
}
