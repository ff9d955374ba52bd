// How blocks name classes: by what the closure layer knows of them. A class that this thread lacks is asked for by UnknownClass.

import type { ClassTable } from '../wire/block/class-instances.ts'
import { refOfClass, resolveClass } from '../wire/closure/classes.ts'
import type { ClassRef } from '../wire/closure/classes.ts'
import { UnknownClass } from './errors.ts'

export const classTable: ClassTable = {
  refOf: refOfClass,
  resolve(ref) {
    const known = resolveClass(ref as ClassRef)
    if (known === undefined) throw new UnknownClass(ref)
    return known
  },
}
