// Which blocks are compressed where they go to files, as the settings say.

import type { Conf } from '../../base/define-settings.ts'
import type { Compression } from '../../storage/block-compression.ts'
import { engineSettings } from '../settings.ts'

export function compressionOf(conf: Conf): Compression {
  conf.get(engineSettings['spark.io.compression.codec']) // refuses what is not there
  const level = Math.min(22, Math.max(1, conf.get(engineSettings['spark.io.compression.zstd.level'])))
  const levelIf = (key: 'spark.shuffle.compress' | 'spark.shuffle.spill.compress' | 'spark.rdd.compress'): number => (conf.get(engineSettings[key]) ? level : 0)
  return { shuffled: levelIf('spark.shuffle.compress'), spilled: levelIf('spark.shuffle.spill.compress'), kept: levelIf('spark.rdd.compress') }
}
