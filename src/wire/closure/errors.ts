// Error and warning codes of shipping functions to workers.

import { RivuletError, defineErrors } from '../../base/define-errors.ts'

const ownCopy = 'create it in the worker: inside mapPartitions or foreachPartition, or move it to a module, e.g. db.ts (export const db = new Pool(…)), and import it: one per worker'

export const closureErrors = defineErrors({
  RIV_CLOSURE_UNSHIPPABLE: {
    message: (path: string) => path,
    hint: ownCopy,
    docs: 'A function uses a value that exists only in the process that made it: a socket, a stream, a promise, a timer, an iterator in progress, a native handle. Functions run in worker threads and get copies of what they capture; of such a value there is none. The message shows the way from your function to the value. What needs a connection creates it once per partition (`mapPartitions`, `foreachPartition`), or imports it from a module: workers import modules for themselves, so each has its own pool. A module that imports the main script cannot be imported there, because the program would start again.',
  },
  RIV_CLOSURE_THIS: {
    message: (path: string) => path,
    hint: 'copy what is needed into a const before: `const { factor } = this; rdd.map(x => x * factor)`',
    docs: 'An arrow function uses `this` (or `new.target`, or `super`) of the code around it. V8 does not reveal that value, and copying a whole object for one field is seldom meant. Read the fields into constants outside of the function.',
  },
  RIV_CLOSURE_PRIVATE: {
    message: (path: string) => path,
    hint: "give the class a method [Symbol.for('rivulet.ship')]() { return [reviver, state] }, or build the instance inside the function",
    docs: 'An instance of a class with `#private` fields, or a function that uses `#names` of a class around it, cannot be copied from outside of the class. With the method `[Symbol.for(\'rivulet.ship\')]` the class says how: it returns a function and its argument, and the worker gets the result of that function.',
  },
  RIV_CLOSURE_EVAL: {
    message: (path: string) => path,
    hint: 'use new Function(…) with explicit arguments, or plain code',
    docs: 'A function with a direct `eval(…)` or a `with` statement may use any variable, so the variables it captures cannot be known.',
  },
  RIV_CLOSURE_SHARED_VARIABLE: {
    message: (name: string, functions: readonly string[]) => `the variable \`${name}\` is assigned by one of ${functions.length} functions that travel together (${functions.join(', ')}), and it cannot be told whether they share it`,
    hint: 'keep it in an object, `const state = { n: 0 }`, and change the object',
    docs: 'Several functions capture a variable of the same name and place, and at least one assigns it. V8 does not tell whether they were made by one call (and share the variable) or by two. An object has an identity, so a property of an object is always shared rightly.',
  },
  RIV_CLOSURE_TOO_LARGE: {
    message: (label: string, what: string, limit: string) => `${label} captures ${what}, more than the limit of ${limit}`,
    hint: 'use a broadcast variable for large data: const table = ctx.broadcast(data), and table.value inside the function',
    docs: 'Captured values are copied to every worker with each change. Large tables belong into broadcast variables, which are sent once.',
  },
  RIV_CLOSURE_REFUSED: {
    message: (path: string) => path,
    hint: 'run actions before and capture their result, or join the data sets',
    docs: 'Contexts, RDDs and streams describe work that the driver starts; a function inside a task cannot use them. Collect the smaller data set first (or broadcast it), or express the combination as a `join`.',
  },
  RIV_CLOSURE_INSPECTOR: {
    message: (why: string) => `captured variables are read through node:inspector, which is not available here: ${why}`,
    hint: "allow it (with --permission: --allow-inspector), or export the functions from a module and run with master 'inline'",
    docs: 'Functions are sent to workers as text with the values of their captured variables. V8 reveals those through its inspector. Node builds without it, and the permission model by default, do not have it.',
  },
  RIV_CLOSURE_MODULE: {
    message: (spec: string, name: string) => `the module ${spec} has no export ${name} in the worker`,
    hint: 'a module must export the same names wherever it is imported',
    docs: 'A function uses an export of a module, and the worker imported the module and found no such export: it is exported conditionally, or the file was changed while the program ran.',
  },
  RIV_CLOSURE_CLASS: {
    message: (name: string) => `the ${name.startsWith('class ') ? '' : 'class '}${name} is not known in this thread`,
    hint: 'define the class at the top level of a module, not inside the function that creates instances',
    docs: 'A record is an instance of a class that exists in another thread only.',
  },
})

/** An error with a code of the table and a cure that fits this one value better than the row's. */
export function refusal(code: keyof typeof closureErrors, message: string, cure?: string): RivuletError {
  return new RivuletError(code, message, cure ?? closureErrors[code].row.hint)
}

/** What is said about a captured function without refusing it. */
export interface CaptureWarning {
  readonly code: `RIV_${string}`
  readonly message: string
}

/** The codes of the warnings, with the paragraph for the docs page. */
export const closureWarnings = {
  RIV_CLOSURE_LARGE: 'A function captures more than 1 MiB, which is copied to every worker. Use a broadcast variable.',
  RIV_CLOSURE_ASSIGNS: 'A function assigns a captured variable. Each worker changes its own copy, and the driver sees nothing of it: as in Spark. Use an accumulator.',
  RIV_CLOSURE_CHANGED: 'A plain object that a function of a D-Stream operator captured was changed after `start()`. Threads keep the value it had at the start; on master `inline` the function sees the change, so the program would behave differently there. Values that change belong into `transform` or `foreachRDD`, whose functions run in the driver in every batch. Compared at the end of each batch on `inline` and under a manual clock.',
  RIV_CLOSURE_UNDEFINED: 'A captured `const` or class is still undefined: the function is captured before the line that defines the variable has run. Move the action below that line.',
  RIV_CLOSURE_MANY_FUNCTIONS: 'More than 200 functions travel with one function, mostly a package that a bundler inlined. Keep packages external (esbuild: --packages=external), then workers import them.',
} as const
