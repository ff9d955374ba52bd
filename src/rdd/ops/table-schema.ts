// The columns of a table that is written, where the program names none: from the first records. It is one more, small, job.

import { columnConverters, inferTable, type TableSchema } from '../../kernel/formats/table-schema.ts'
import type { Plan } from '../plan.ts'
import type { RunSink } from '../run-job.ts'
import { take } from './take.ts'

/** The names of the properties of the first record; none where it is an array, or where there is no record. */
export async function csvColumns(plan: Plan, run: RunSink, signal: AbortSignal): Promise<readonly string[] | undefined> {
  const [first] = await take(plan, 1, run, signal)
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? Object.keys(first) : undefined
}

/** Records that inference looks at. */
const inferredRecords = 100

/** The schema that was given, or the one that fits the first records. Errors: RIV_TABLE_SCHEMA. */
export async function tableSchema(given: TableSchema | undefined, plan: Plan, run: RunSink, signal: AbortSignal): Promise<TableSchema> {
  const schema = given ?? inferTable(await take(plan, inferredRecords, run, signal))
  columnConverters(schema) // which refuse types that do not exist
  return schema
}
