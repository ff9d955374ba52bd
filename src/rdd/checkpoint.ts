// Checkpoints: after an action, each marked node of its lineage becomes one that reads what was kept of it.
//
//   checkpoint() ─→ marked ─→ an action ends ─→ running: a job keeps every partition ─→ done: the lineage below is let go
//                     ↑                            │ fails: the action rejects
//                     └────────────────────────────┘
//
// - Reliable ones are files in the checkpoint folder; local ones are kept blocks, which nothing can bring back.
// - The job is one more computation, as in Spark: persist what is dear. Parents are done before their children.

import type { FileSystem } from '../storage/file-system.ts'
import type { RunSink } from './job-runner.ts'
import { builtin, inScope, pipeline, source } from './nodes.ts'
import { saveFolder } from './ops/save-folder.ts'
import { become, keyPartitioning, lineage, partitionCount, type BuiltinFunction, type Plan, type SourcePartition } from './plan.ts'

/** Removes the files of nodes that the program dropped. */
const dropped = new FinalizationRegistry<() => Promise<void>>(remove => void remove().catch(() => {})) // what cannot be removed stays

export interface CheckpointOptions {
  readonly fs: FileSystem
  /** Whether a node's files go with it. */
  readonly cleans: boolean
  /** Gives what runs jobs on a node. */
  readonly runOn: (plan: Plan) => RunSink
}

/** Carries out what the lineage of an action asks for. */
export async function takeCheckpoints(plan: Plan, { fs, cleans, runOn }: CheckpointOptions): Promise<void> {
  for (const node of marked(plan)) {
    const { checkpoint } = node
    if (checkpoint?.state !== 'marked') continue // another action is at it
    checkpoint.state = 'running'
    try {
      if (checkpoint.folder === undefined) await keepBlocks(node, runOn(node))
      else {
        const { folder } = checkpoint
        await writeFiles(node, folder, fs, runOn(node))
        if (cleans) dropped.register(node, async () => fs.remove(folder))
      }
      checkpoint.state = 'done'
    } catch (error) {
      checkpoint.state = 'marked'
      throw error
    }
  }
}

/** Marked nodes, parents first. */
function marked(root: Plan): Plan[] {
  return [...lineage(root)].filter(plan => plan.checkpoint?.state === 'marked')
}

async function writeFiles(node: Plan, folder: string, fs: FileSystem, run: RunSink): Promise<void> {
  const paths = await saveFolder(fs, { op: 'checkpoint', site: node.site, folder, writer: 'savedObjects' }, run)
  cutLineage(node, paths.map(path => ({ kind: 'records', records: [path] })), builtin('objectRecords'))
}

async function keepBlocks(node: Plan, run: RunSink): Promise<void> {
  if (node.storage === 'none') node.storage = 'MEMORY_AND_DISK'
  await run({ to: 'drain' })
  const nothing = Array.from({ length: partitionCount(node)! }, (): SourcePartition => ({ kind: 'records', records: [] }))
  cutLineage(node, nothing, builtin('lostPartition', [`${node.op}[${node.id}]`]))
}

/** Makes the node, whatever it was, a pipeline over partitions that stand for its own; children and kept partitions stay with it. */
function cutLineage(node: Plan, partitions: readonly SourcePartition[], fn: BuiltinFunction): void {
  const partitioning = keyPartitioning(node)
  const known = partitioning === 'unresolved' ? undefined : partitioning
  become(node, inScope(undefined, () => pipeline(source('checkpoint', node.site, partitions, known), node.op, node.site, [{ op: 'mapPartitions', fn }], true)))
}
