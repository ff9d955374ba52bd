// How blocks name classes: by what the closure layer knows of them.

import type { ClassTable } from '../wire/block/class-instances.ts'
import { refOfClass, resolveClass } from '../wire/closure/classes.ts'
import type { ClassRef } from '../wire/closure/classes.ts'

export const classTable: ClassTable = {
  refOf: refOfClass,
  resolve: ref => resolveClass(ref as ClassRef),
}
