// Writes what is generated and committed: docs/errors.md, docs/configuration.md and the golden page of the public API.
// Tests fail when these pages and the sources differ.

import { writeFileSync } from 'node:fs'
import { publicApiPage } from './docs/public-api.ts'
import { configurationPage, errorsPage } from './docs/table-pages.ts'
import { codeTables, root, settingTables } from './docs/tables.ts'

writeFileSync(new URL('docs/errors.md', root), errorsPage(await codeTables()))
writeFileSync(new URL('docs/configuration.md', root), configurationPage(await settingTables()))
writeFileSync(new URL('test/public-api.golden.md', root), publicApiPage())
