// Variables that several functions of one capture share, and at least one assigns, become cells: `n` turns into `$cell_n.v`.
//
// - Copied separately they would silently part: nanoid in a bundle returned empty ids.
// - V8 gives contexts no identity. The scopes of a module, of a script and of a CommonJS file exist once. Of two inner scopes
//   with the same place, those whose variables are all identical are the same one, if there is an object among them;
//   scopes of primitives only could be two with equal values, so they are refused.

import { closureErrors } from './errors.ts'
import { handedIn } from './function-text.ts'
import type { CapturedVariable, GraphBuilder } from './graph-builder.ts'
import { valueIn } from './internals.ts'
import type { Scope } from './internals.ts'

/** Rewrites the drafts of a graph so that shared assigned variables go through cells. */
export function makeCells(graph: GraphBuilder): void {
  for (const candidates of Map.groupBy(graph.variables, placeOf).values()) {
    if (candidates.length < 2 || !candidates.some(v => v.assigned)) continue
    for (const group of groupsOf(candidates)) {
      if (group.length > 1 && group.some(v => v.assigned)) share(group, graph)
    }
  }
}

/** Variables with one place in the program text have one key. */
function placeOf({ draft, name, scopes, at }: CapturedVariable): string {
  const { description } = scopes[at]!
  return `${description === 'Script' ? 'Script' : draft.script?.id} ${scopes.length - at} ${description} ${name}`
}

function groupsOf(candidates: readonly CapturedVariable[]): CapturedVariable[][] {
  const groups: CapturedVariable[][] = []
  for (const variable of candidates) {
    const group = groups.find(([first]) => existsOnce(variable) || sameVariables(scopeOf(first!), scopeOf(variable)))
    if (group) group.push(variable)
    else groups.push([variable])
  }
  return groups
}

function scopeOf({ scopes, at }: CapturedVariable): Scope {
  return scopes[at]!
}

function sameVariables(a: Scope, b: Scope): boolean {
  const names = Object.keys(a.object)
  return names.length === Object.keys(b.object).length && names.every(name => Object.hasOwn(b.object, name) && Object.is(valueIn(a, name), valueIn(b, name)))
}

function holdsObject(scope: Scope): boolean {
  return Object.keys(scope.object).some(name => Object(valueIn(scope, name)) === valueIn(scope, name))
}

/** Whether there is one scope of this kind: of a module, of the realm's scripts (REPL), of a CommonJS file. */
function existsOnce({ draft: { script }, scopes, at }: CapturedVariable): boolean {
  const { description } = scopes[at]!
  if (description === 'Module' || description === 'Script') return true
  if (script === undefined || script.isModule || !/^(file:|\/)/.test(script.url)) return false
  const realm = scopes.findIndex(scope => scope.description === 'Script' || scope.description?.startsWith('Global'))
  const wrapper = scopes[realm - 1]
  const hasWrapper = wrapper !== undefined && Object.keys(wrapper.object).every(key => /^(exports|require|module|__filename|__dirname)$/.test(key))
  return at >= realm - (hasWrapper ? 2 : 1)
}

function share(group: readonly CapturedVariable[], graph: GraphBuilder): void {
  const [first] = group as [CapturedVariable, ...CapturedVariable[]]
  if (!existsOnce(first) && !holdsObject(scopeOf(first))) {
    throw closureErrors.RIV_CLOSURE_SHARED_VARIABLE(first.name, group.map(v => v.draft.node.name || '(anonymous)'))
  }
  const cell = handedIn.cell(first.name)
  const link = graph.add({ t: 'cell', value: first.draft.captures[first.draft.params.indexOf(first.name)] })
  for (const { draft, name } of group) {
    const at = draft.params.indexOf(name)
    draft.params[at] = cell
    draft.captures[at] = link
    draft.cells.set(name, cell)
  }
}
