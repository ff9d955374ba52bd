// Error codes of slabs.

import { defineErrors } from '../../base/define-errors.ts'

export const slabErrors = defineErrors({
  RIV_BLOCK_STALE: {
    message: (slab: number, generation: number, current: number) => `a block of slab ${slab} was read after its memory was given to others (generation ${generation}, now ${current})`,
    hint: 'this is a bug in Rivulet; please report it',
    docs: 'Block memory is reused. A handle that outlived its block was found out by the slab\'s generation before anything wrong could be decoded.',
  },
})
