// How long tests wait for what is sure to come: only what hangs takes so long, however busy the machine is.

/** Below the limit of scripts/test.mjs, so that the test itself says what it waited for. */
export const hangMs = 150_000
