// A process that writes a journal, told by the lines of its input; for tests that kill and stop it.
//
// - It says `opened EPOCH [ids]`; then for `append N` `N` for each that is durable, or `failed CODE`, also when it cannot open; for `fill N` it also rolls and prunes.

import { createInterface } from 'node:readline'
import { isRivuletError } from '../../base/define-errors.ts'
import { stderrLogger } from '../../base/log.ts'
import { localFileSystem } from '../local-file-system.ts'
import { FileJournal } from './file-journal.ts'

const ids: number[] = []
const positions: number[] = []
const say = (text: string): void => { process.stdout.write(`${text}\n`) }
const codeOf = (error: unknown): string => (isRivuletError(error) ? error.code : String(error))
const journal = await FileJournal.open({
  fs: localFileSystem, directory: process.argv[2]!, durability: 'power', log: stderrLogger, segmentBytes: 20_000,
  onRecord: ({ data, position }) => { ids.push(data as number); positions.push(position) },
}).catch((error: unknown) => { say(`failed ${codeOf(error)}`); process.exit(1) })
say(`opened ${journal.epoch} ${JSON.stringify(ids)}`)
let next = (ids.at(-1) ?? -1) + 1
for await (const line of createInterface({ input: process.stdin })) {
  const [command, count] = line.split(' ')
  try {
    for (let i = 0; i < Number(count); i++) {
      const id = next++
      positions.push(journal.append({ kind: 'test', data: id, blocks: [Buffer.alloc(id * 100 % 5_000, id)] }))
      if (command === 'fill' && id % 7 === 0) journal.roll()
      await journal.durable(positions.at(-1))
      say(`${id}`)
      if (command === 'fill' && id % 10 === 9) await journal.prune(positions.at(-5)!)
    }
  } catch (error) {
    say(`failed ${codeOf(error)}`)
  }
}
await journal.close()
