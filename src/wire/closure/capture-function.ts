// From a function of the driver to its node: by reference where a worker can import it, else text and captured variables.

import { types } from 'node:util'
import { builtinRef } from './builtin-modules.ts'
import { classParts } from './capture-class.ts'
import { isPlainObject } from './captured-objects.ts'
import { moduleNode, importableRef, narrowedNamespace } from './capture-module.ts'
import { exportedRef, importedRef } from './es-modules.ts'
import { handedIn } from './function-text.ts'
import { describeFunction, findVariable, functionSite, isDeclaration, originalName } from './function-site.ts'
import type { Found, FunctionSite } from './function-site.ts'
import { givenBy } from './giving.ts'
import { globalNames, globalPath, isNative } from './globals.ts'
import type { FunctionDraft, GraphBuilder } from './graph-builder.ts'
import { boundInternals, proxyInternals, unset } from './internals.ts'
import { syntaxOf, userModule } from './main-script.ts'
import type { FunctionNode, Node, OwnProperty, Ref } from './nodes.ts'
import { fileUrlOf } from './script.ts'

/** The node of a function or class. */
export function encodeFunction(f: Function, graph: GraphBuilder): Node {
  const given = givenBy(f)
  if (given !== undefined) return { t: 'giving', value: graph.ref(given.value, { via: 'the value that it gives' }) }
  const path = globalPath(f)
  if (path !== undefined) return { t: 'global', path }
  if (types.isProxy(f)) return encodeProxy(f, graph)
  const ref = importableRef(f, graph)
  if (ref) return moduleNode(ref, f)
  if (isNative(f)) return encodeNative(f, graph)
  const site = siteOf(f, graph)
  if (site.script?.url.startsWith('node:')) return encodeNodeFunction(f, site, graph)
  const exported = site.script && site.start !== undefined ? exportedRef(f, site.script, site.start, site.scopes, graph.options.userModules) : undefined
  if (exported) return moduleNode(exported, f)
  return graph.within({ describe: () => describeFunction(f.name, site) }, site.script?.url, () => encodeText(f, site, graph))
}

/** The node of a Proxy around a function or an object. */
export function encodeProxy(proxy: object, graph: GraphBuilder): Node {
  const { target, handler } = proxyInternals(proxy)
  if (target === undefined) graph.fail('RIV_CLOSURE_UNSHIPPABLE', 'it is a revoked Proxy', 'capture the object instead')
  return { t: 'proxy', target: graph.ref(target, { via: 'the target of a Proxy' }), handler: graph.ref(handler, { via: 'the handler of a Proxy' }) }
}

function siteOf(f: Function, graph: GraphBuilder): FunctionSite {
  try {
    return functionSite(f)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    if (error.message.includes('new.target')) graph.fail('RIV_CLOSURE_THIS', 'it uses `new.target` of the code around it, which V8 does not reveal', 'read it into a const before')
    return graph.fail('RIV_CLOSURE_UNSHIPPABLE', `the text of \`${f.name}\` cannot be parsed: ${error.message}`, 'write it as a function of its own')
  }
}

function encodeNative(f: Function, graph: GraphBuilder): Node {
  const builtin = builtinRef(f)
  if (builtin) return { t: 'module', ref: builtin }
  const bound = boundInternals(f)
  if (bound === undefined) graph.fail('RIV_CLOSURE_UNSHIPPABLE', `it is the native function ${f.name || '(anonymous)'} of this process`, 'call it through its global name or module inside the function')
  return {
    t: 'bound',
    target: graph.ref(bound.target, { via: 'the target of a bound function' }),
    self: graph.ref(bound.self, { via: 'the `this` of a bound function' }),
    args: bound.args.map((arg, i) => graph.ref(arg, { via: `argument ${i} of a bound function` })),
  }
}

function encodeNodeFunction(f: Function, site: FunctionSite, graph: GraphBuilder): Node {
  const builtin = builtinRef(f)
  if (builtin) return { t: 'module', ref: builtin }
  if (f.name === 'require' && 'resolve' in f && 'cache' in f) {
    const owner = site.scopes.find(scope => Object.hasOwn(scope.object, 'mod'))?.object['mod'] as { filename?: string } | undefined
    return { t: 'require', file: owner?.filename ?? `${process.cwd()}/repl.js` }
  }
  return graph.fail('RIV_CLOSURE_UNSHIPPABLE', `it is a function of Node itself, ${f.name || '(anonymous)'} of ${site.script?.url}`, 'import the module inside the function')
}

// ---- by value

function encodeText(f: Function, site: FunctionSite, graph: GraphBuilder): Node {
  refuseText(site, graph)
  const { text, scopes } = site
  const ownNameIsFree = text.kind === 'function' && text.names.usesOwnName && isReassigned(f, site)
  const variables = captureVariables(site, ownNameIsFree, f, graph)
  const parts = text.kind === 'class' ? classParts(f, text, graph) : undefined
  const handed = [...(parts?.handed ?? [])]
  if (text.names.usesImportMeta) {
    const url = fileUrlOf(site.script?.url ?? '')
    handed.push([handedIn.importMeta, graph.shared(`import.meta ${url}`, () => ({ t: 'importMeta', url }))])
  }
  const eager = variables.filter(v => v.eager)
  const ordered = [...handed, ...eager.map(v => [v.param, v.ref] as const), ...variables.filter(v => !v.eager).map(v => [v.param, v.ref] as const)]
  const captures = ordered.map(([, ref]) => ref)
  const node = parts ? { t: 'class' as const, code: '', name: f.name, captures, ...parts.node } : ordinaryFunction(f, site, captures, graph)
  const draft: FunctionDraft = {
    node, text, captures, params: ordered.map(([param]) => param), eagerParams: handed.length + eager.length, script: site.script, start: site.start, cells: new Map(), hideOwnName: ownNameIsFree,
  }
  graph.drafts.push(draft)
  for (const { name, found, assigned } of variables) if (found && !found.isGlobal) graph.variables.push({ draft, name, assigned, scopes, at: found.at })
  return node
}

function refuseText({ text: { names } }: FunctionSite, graph: GraphBuilder): void {
  if (names.usesEval) graph.fail('RIV_CLOSURE_EVAL', 'it calls eval(), so the variables it uses cannot be known')
  if (names.usesWith) graph.fail('RIV_CLOSURE_EVAL', 'it uses a `with` statement, so the variables it uses cannot be known')
  if (names.usesThis) graph.fail('RIV_CLOSURE_THIS', 'it is an arrow function that uses `this` of the code around it, which V8 does not reveal')
  const [privateName] = names.outerPrivateNames
  if (privateName !== undefined) graph.fail('RIV_CLOSURE_PRIVATE', `it uses the private name ${privateName} of a class around it`, 'read the private field into a const outside of the function')
}

/** A declaration whose name means something else by now: the body must see that, not itself. */
function isReassigned(f: Function, site: FunctionSite): boolean {
  const found = findVariable(site.scopes, site.text.ownName ?? '')
  return found !== undefined && !found.isGlobal && found.value !== f && isDeclaration(site)
}

interface Variable { readonly name: string; readonly param: string; readonly ref: Ref; readonly eager: boolean; readonly assigned: boolean; readonly found: Found | undefined }

function captureVariables(site: FunctionSite, ownNameIsFree: boolean, f: Function, graph: GraphBuilder): Variable[] {
  const { names, ownName } = site.text
  const variables: Variable[] = []
  const captured = [...names.free.keys()]
  if (names.usesArguments) captured.push('arguments')
  if (ownNameIsFree && !names.free.has(ownName!)) captured.push(ownName!)
  for (const name of captured) {
    const found = findVariable(site.scopes, name)
    if (found === undefined) {
      if (name === 'arguments') graph.fail('RIV_CLOSURE_THIS', 'it uses `arguments` of the code around it, which V8 does not reveal', 'use rest parameters: (...args) => …')
      continue // a global of the worker, or a ReferenceError there as here
    }
    if (found.isGlobal && isWorkerGlobal(name, found.value)) continue
    const free = names.free.get(name)
    if (isUnset(name, found, site)) warnUnset(name, f, site, graph)
    const encoded = found.value === unset ? { ref: undefined, isCopied: false } : encodeVariable(name, found, site, graph)
    const isCopied = encoded.isCopied && name !== 'arguments' && name !== ownName
    if (isCopied && isPlainObject(found.value)) graph.objects.push({ name, value: found.value })
    const assigned = free?.assigned === true
    if (assigned) warnAssigned(name, f, site, graph)
    variables.push({ name, param: name === 'arguments' ? handedIn.arguments : name, ref: encoded.ref, eager: free?.eager === true, assigned, found: isCopied ? found : undefined })
  }
  return variables
}

function isWorkerGlobal(name: string, value: unknown): boolean {
  return globalNames.has(name) || (typeof value === 'function' && globalPath(value) !== undefined)
}

function encodeVariable(name: string, found: Found, site: FunctionSite, graph: GraphBuilder): { ref: Ref; isCopied: boolean } {
  const { value } = found
  const reference = (key: string, make: () => Node): { ref: Ref; isCopied: boolean } => ({ ref: graph.shared(key, make), isCopied: false })
  let holder: string | undefined
  if (site.script?.isModule && found.scope.description === 'Module') {
    const ref = importedRef(site.script, name, graph.options.userModules)
    if (ref) return reference(`import ${ref.spec} ${ref.parent} ${ref.name}`, () => moduleNode(ref, value))
    const blocked = syntaxOf(site.script).imports.get(name)
    if (blocked && !blocked.isJson) holder = userModule(blocked.spec, site.script)
  }
  if (name === '__name' && isKeepName(value)) return reference('keepName', () => ({ t: 'keepName' }))
  if (name === '__vite_ssr_dynamic_import__') return reference('vite import', () => ({ t: 'viteImport', parent: fileUrlOf(site.script?.url ?? '') }))
  if (name === 'module') graph.fail('RIV_CLOSURE_UNSHIPPABLE', 'it uses the CommonJS `module` object', 'use what it exports')
  const free = site.text.names.free.get(name)
  const step = { variable: () => originalName(site, free?.uses[0], name) }
  const link = graph.within(step, holder, () => {
    const narrowed = free?.members && typeof value === 'object' && value !== null ? narrowedNamespace(value, free.members, graph) : undefined
    return narrowed ?? graph.ref(value, '')
  })
  return { ref: link, isCopied: true }
}

/** esbuild's and tsx's `__name = (target, value) => defineProperty(target, "name", …)`. */
function isKeepName(value: unknown): boolean {
  return typeof value === 'function' && /^\(\w+,\s*\w+\)\s*=>\s*\w+\(\w+,\s*"name"/.test(Function.prototype.toString.call(value))
}

function warnAssigned(name: string, f: Function, site: FunctionSite, graph: GraphBuilder): void {
  if (site.script?.url.includes('/node_modules/')) return
  graph.warn('RIV_CLOSURE_ASSIGNS', `${describeFunction(f.name, site)}, which is part of ${graph.label}, assigns the captured variable \`${name}\`: every worker changes a copy of its own (use an accumulator to count)`)
}

/** Whether the line that defines a variable has not run yet: V8 says so, or gives undefined for what is a const or class. */
function isUnset(name: string, { value, isGlobal }: Found, { script }: FunctionSite): boolean {
  if (value !== undefined || isGlobal) return value === unset
  const declared = new RegExp(`\\b(?:const|class)\\s+${name.replaceAll('$', '\\$')}\\b(?!\\s*=\\s*(?:undefined|void 0))`)
  return declared.test(script?.source ?? '')
}

function warnUnset(name: string, f: Function, site: FunctionSite, graph: GraphBuilder): void {
  graph.warn('RIV_CLOSURE_UNDEFINED', `${describeFunction(f.name, site)}, which is part of ${graph.label}, captures \`${name}\`, which is undefined: where the line that defines it has not run yet, move the action below it`)
}

// ---- what ordinary functions have besides their text

function ordinaryFunction(f: Function, site: FunctionSite, captures: Ref[], graph: GraphBuilder): FunctionNode {
  const { text } = site
  const home = graph.homeOf(f)
  if (text.names.usesSuper && (home === undefined || text.kind !== 'method')) {
    graph.fail('RIV_CLOSURE_THIS', 'it uses `super`, and the object it belongs to is not known', 'capture the whole object, not the single method')
  }
  const proto = Object.getPrototypeOf(f) as unknown
  const own: OwnProperty[] = []
  let prototype: FunctionNode['prototype']
  for (const key of Reflect.ownKeys(f)) {
    if (key === 'prototype') prototype = constructorPrototype(f, text.isGenerator, graph)
    else if (!['length', 'name', 'arguments', 'caller'].includes(key as string)) own.push(graph.property(f, key))
  }
  return {
    t: 'function', code: '', name: f.name, captures,
    ...(text.names.usesSuper ? { home: graph.ref(Object.getPrototypeOf(home), { via: 'the prototype that `super` means' }) } : {}),
    ...(globalPath(proto) === undefined ? { proto: graph.ref(proto, { via: 'its prototype' }) } : {}),
    ...(own.length > 0 ? { own } : {}),
    ...(prototype ? { prototype } : {}),
  }
}

/** What was put on the prototype of an old-style constructor. */
function constructorPrototype(f: Function, isGenerator: boolean, graph: GraphBuilder): FunctionNode['prototype'] {
  const prototype = f.prototype as unknown
  if (typeof prototype !== 'object' || prototype === null) return undefined
  const keys = Reflect.ownKeys(prototype).filter(key => key !== 'constructor')
  const above = Object.getPrototypeOf(prototype) as unknown
  if (keys.length === 0 && (isGenerator || above === Object.prototype)) return undefined
  graph.add({ t: 'prototypeOf', of: graph.linkOf(f)! }, prototype)
  return {
    ...(above === Object.prototype || isGenerator ? {} : { proto: graph.ref(above, { via: 'the prototype of its instances' }) }),
    own: keys.map(key => graph.property(prototype, key, '.prototype')),
  }
}
