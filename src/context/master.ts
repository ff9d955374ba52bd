// Which master a program runs on: code, then RIVULET_MASTER, then configuration, then local[*].

import type { Conf } from '../base/define-settings.ts'
import type { EmbeddedMaster } from '../engine/create-engine.ts'
import { contextErrors } from './errors.ts'
import { contextSettings } from './settings.ts'

/** The master to use; refuses what no engine understands. */
export function chooseMaster(given: string | undefined, engine: 'embedded' | 'spark' | undefined, conf: Conf): EmbeddedMaster {
  const master = given ?? process.env['RIVULET_MASTER'] ?? conf.get(contextSettings['spark.master'])
  if (engine === 'spark' || /^(spark:\/\/|k8s:\/\/|yarn$|local-cluster\[)/.test(master)) throw contextErrors.RIV_ENGINE_MISSING(master)
  if (!/^(inline|local(\[(\*|[1-9]\d{0,3})\])?)$/.test(master)) throw contextErrors.RIV_MASTER(master)
  return master as EmbeddedMaster
}
