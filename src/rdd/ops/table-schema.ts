// The columns of a table that is written, where the program names none: from the first records. It is one more, small, job.

import { kernelErrors } from '../../kernel/errors.ts'
import { isAvroSchema } from '../../kernel/formats/avro-container.ts'
import { avroSchemaOf, avroType, type AvroSchema } from '../../kernel/formats/avro-type.ts'
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

/** The same for Avro, whose own schemas are taken as they are. Errors: RIV_TABLE_SCHEMA. */
export async function avroTableSchema(given: TableSchema | AvroSchema | undefined, plan: Plan, run: RunSink, signal: AbortSignal): Promise<TableSchema | AvroSchema> {
  if (given === undefined || !isAvroSchema(given)) {
    const schema = await tableSchema(given, plan, run, signal)
    avroSchemaOf(schema) // which refuses names that Avro does not have
    return schema
  }
  try {
    await avroType(given)
    return given
  } catch (error) {
    throw kernelErrors.RIV_TABLE_SCHEMA.withCause(error, (error as Error).message)
  }
}
