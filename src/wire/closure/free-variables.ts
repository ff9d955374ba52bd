// Free variables of one function or class, and whatever else of its text reaches outside: `this`, `super`, `import.meta`, ….
//
// - A scope analysis that only needs names: a reference is free when no scope between it and the function's edge declares it.
// - Static fields and static blocks of the class itself are left out: they have run, and their effects travel as values.
// - A test compares it with eslint-scope over thousands of functions of installed packages.

import type {
  AnyNode, ArrowFunctionExpression, AssignmentProperty, Class, ClassBody, Expression, ForInStatement, ForOfStatement, ForStatement,
  Function as FunctionLike, Identifier, Node, Pattern, Property, PropertyDefinition,
} from 'acorn'
import type { FunctionSyntax } from './function-syntax.ts'
import { blockScope, childrenOf, declarePattern, functionScope, scopeIn } from './scopes.ts'
import type { Scope } from './scopes.ts'

/** One place where a free variable stands, in the function's own text. */
export interface VariableUse {
  readonly start: number
  readonly end: number
  /** How it stands there, which decides what may be written in its place: `f(…)` as a callee, `{ f }` as a short property. */
  readonly form: 'plain' | 'callee' | 'shorthand'
}

export interface FreeVariable {
  assigned: boolean
  /** Needed when the text is evaluated, not when the function is called: computed keys of a class. */
  eager: boolean
  /** The members used, when every use is `name.member`. */
  members: Set<string> | undefined
  readonly uses: VariableUse[]
}

/** A piece of the text that is rewritten for the worker. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly become: 'blank' | 'superclass' | 'importMeta' | 'arguments' | 'arguments: arguments' | `private ${string}`
}

export interface FreeNames {
  readonly free: Map<string, FreeVariable>
  readonly edits: Edit[]
  readonly outerPrivateNames: string[]
  /** Names of static `#fields`, whose current values are handed in. */
  readonly staticPrivateNames: string[]
  usesThis: boolean
  usesArguments: boolean
  usesSuper: boolean
  usesEval: boolean
  usesWith: boolean
  usesImportMeta: boolean
  usesImport: boolean
  /** The function refers to itself by its own name. */
  usesOwnName: boolean
}

/** What surrounds a node: its scope, and which of `this`, `arguments`, `super` and `#names` belong to something inside the text. */
interface Inside {
  readonly scope: Scope
  readonly ownThis: boolean
  readonly ownArguments: boolean
  readonly ownSuper: boolean
  readonly eager: boolean
  readonly privateNames: readonly ReadonlySet<string>[]
}

/** Collects the free names of a function's syntax. */
export function freeNames(syntax: FunctionSyntax): FreeNames {
  const walk = new Walk(syntax)
  const top: Inside = { scope: scopeIn(undefined), ownThis: false, ownArguments: false, ownSuper: false, eager: false, privateNames: [] }
  if (syntax.kind === 'class') walk.rootClass(syntax.root, top)
  else if (syntax.kind === 'method') walk.function(syntax.root.value as FunctionLike, top) // its `super` belongs to an object outside
  else walk.function(syntax.root, top)
  return walk.names
}

class Walk {
  readonly names: FreeNames = {
    free: new Map(), edits: [], outerPrivateNames: [], staticPrivateNames: [], usesThis: false, usesArguments: false, 
    usesSuper: false, usesEval: false, usesWith: false, usesImportMeta: false, usesImport: false, usesOwnName: false,
  }
  readonly #root: AnyNode
  readonly #shift: number
  /** Where the function's own name is declared, seen from within. */
  #selfScope: Scope | undefined

  constructor(syntax: FunctionSyntax) {
    this.#root = syntax.root
    this.#shift = syntax.shift
  }

  // ---- references

  #reference(node: Identifier, inside: Inside, form: VariableUse['form'] = 'plain', assigned = false, member?: string): void {
    const { name } = node
    for (let scope: Scope | undefined = inside.scope; scope; scope = scope.parent) {
      if (!scope.names.has(name)) continue
      if (scope === this.#selfScope) this.names.usesOwnName = true
      return
    }
    if (name === 'arguments') {
      if (inside.ownArguments) return
      this.names.usesArguments = true
      this.#edit(node, form === 'shorthand' ? 'arguments: arguments' : 'arguments')
      return
    }
    if (name === 'undefined') return
    const use = { start: node.start - this.#shift, end: node.end - this.#shift, form }
    const known = this.names.free.get(name)
    if (known === undefined) {
      this.names.free.set(name, { assigned, eager: inside.eager, members: member === undefined ? undefined : new Set([member]), uses: [use] })
      return
    }
    known.uses.push(use)
    known.assigned ||= assigned
    known.eager ||= inside.eager
    if (member === undefined) known.members = undefined
    else known.members?.add(member)
  }

  #edit(node: Node, become: Edit['become']): void {
    this.names.edits.push({ start: node.start - this.#shift, end: node.end - this.#shift, become })
  }

  // ---- functions and classes

  function(node: FunctionLike, inside: Inside, isMethod = false): void {
    let outer = inside.scope
    if (node.type === 'FunctionExpression' && node.id) {
      outer = scopeIn(outer)
      outer.names.add(node.id.name)
      if (node as AnyNode === this.#root) this.#selfScope = outer
    }
    const params = scopeIn(outer)
    for (const param of node.params) declarePattern(param, params)
    const within: Inside = node.type === 'ArrowFunctionExpression'
      ? { ...inside, scope: params }
      : { ...inside, scope: params, ownThis: true, ownArguments: true, ownSuper: isMethod }
    for (const param of node.params) this.#declaration(param, within)
    if (node.body.type === 'BlockStatement') this.#statements(node.body.body, { ...within, scope: functionScope(node.body, params) })
    else this.#node((node as ArrowFunctionExpression).body, within)
  }

  rootClass(node: Class, inside: Inside): void {
    const within = this.#classScope(node, inside)
    if (node.superClass) this.#edit(node.superClass, 'superclass')
    for (const member of node.body.body) {
      this.#computedKey(member, { ...within, eager: true })
      if (member.type === 'StaticBlock') this.#edit(member, 'blank')
      else if (member.type === 'MethodDefinition') this.function(member.value, within, true)
      else if (!member.static) this.#fieldValue(member, within)
      else if (member.key.type !== 'PrivateIdentifier') this.#edit(member, 'blank')
      else if (member.value) {
        this.#edit(member.value, `private ${member.key.name}`)
        this.names.staticPrivateNames.push(member.key.name)
      }
    }
  }

  #innerClass(node: Class, inside: Inside): void {
    const within = this.#classScope(node, inside)
    this.#node(node.superClass, within)
    for (const member of node.body.body) {
      this.#computedKey(member, within)
      if (member.type === 'StaticBlock') this.#statements(member.body, { ...within, scope: functionScope(member, within.scope), ownThis: true, ownSuper: true })
      else if (member.type === 'MethodDefinition') this.function(member.value, within, true)
      else this.#fieldValue(member, within)
    }
  }

  #classScope(node: Class, inside: Inside): Inside {
    const scope = scopeIn(inside.scope)
    if (node.id) {
      scope.names.add(node.id.name)
      if (node as AnyNode === this.#root) this.#selfScope = scope
    }
    return { ...inside, scope, privateNames: [...inside.privateNames, privateNamesOf(node.body)] }
  }

  #computedKey(member: ClassBody['body'][number], inside: Inside): void {
    if (member.type !== 'StaticBlock' && member.computed) this.#node(member.key, inside)
  }

  #fieldValue(member: PropertyDefinition, inside: Inside): void {
    this.#node(member.value, { ...inside, scope: scopeIn(inside.scope), ownThis: true, ownSuper: true })
  }

  // ---- patterns

  /** A pattern that declares: only defaults and computed keys are references. */
  #declaration(pattern: Pattern | null, inside: Inside): void {
    switch (pattern?.type) {
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') continue
          if (property.computed) this.#node(property.key, inside)
          this.#declaration(property.value, inside)
        }
        break
      case 'ArrayPattern':
        for (const element of pattern.elements) this.#declaration(element, inside)
        break
      case 'RestElement':
        this.#declaration(pattern.argument, inside)
        break
      case 'AssignmentPattern':
        this.#declaration(pattern.left, inside)
        this.#node(pattern.right, inside)
    }
  }

  /** A pattern that is assigned to. */
  #target(pattern: Pattern | Expression | null, inside: Inside, form: VariableUse['form'] = 'plain'): void {
    switch (pattern?.type) {
      case undefined: break
      case 'Identifier': this.#reference(pattern, inside, form, true); break
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#target(property.argument, inside)
          else this.#targetProperty(property, inside)
        }
        break
      case 'ArrayPattern':
        for (const element of pattern.elements) this.#target(element, inside)
        break
      case 'RestElement': this.#target(pattern.argument, inside); break
      case 'AssignmentPattern':
        this.#target(pattern.left, inside, form)
        this.#node(pattern.right, inside)
        break
      default: this.#node(pattern, inside)
    }
  }

  #targetProperty(property: AssignmentProperty, inside: Inside): void {
    if (property.computed) this.#node(property.key, inside)
    this.#target(property.value, inside, property.shorthand ? 'shorthand' : 'plain')
  }

  // ---- everything else

  #statements(statements: readonly AnyNode[], inside: Inside): void {
    for (const statement of statements) this.#node(statement, inside)
  }

  #node(node: AnyNode | null | undefined, inside: Inside): void {
    if (node == null) return
    switch (node.type) {
      case 'Identifier': this.#reference(node, inside); return
      case 'FunctionDeclaration': case 'FunctionExpression': case 'ArrowFunctionExpression': this.function(node, inside); return
      case 'ClassDeclaration': case 'ClassExpression': this.#innerClass(node, inside); return
      case 'ThisExpression': if (!inside.ownThis) this.names.usesThis = true; return
      case 'Super': if (!inside.ownSuper) this.names.usesSuper = true; return
      case 'MetaProperty': // `new.target` of outside does not get here: the parser refuses it
        if (node.meta.name !== 'import') return
        this.names.usesImportMeta = true
        this.#edit(node, 'importMeta')
        return
      case 'ImportExpression': this.names.usesImport = true; this.#children(node, inside); return
      case 'PrivateIdentifier': if (!inside.privateNames.some(names => names.has(node.name))) this.names.outerPrivateNames.push(`#${node.name}`); return
      case 'MemberExpression': {
        const member = node.computed ? (node.property as { value?: unknown }).value : (node.property as { name?: string }).name
        if (node.object.type === 'Identifier' && typeof member === 'string') this.#reference(node.object, inside, 'plain', false, member)
        else this.#node(node.object, inside)
        if (node.computed || node.property.type === 'PrivateIdentifier') this.#node(node.property, inside)
        return
      }
      case 'Property': this.#property(node as Property, inside); return
      case 'CallExpression':
        if (node.callee.type === 'Identifier') {
          if (node.callee.name === 'eval') this.names.usesEval = true
          this.#reference(node.callee, inside, 'callee')
        } else this.#node(node.callee, inside)
        this.#statements(node.arguments, inside)
        return
      case 'UpdateExpression': this.#target(node.argument, inside); return
      case 'AssignmentExpression': this.#target(node.left, inside); this.#node(node.right, inside); return
      case 'VariableDeclarator': this.#declaration(node.id, inside); this.#node(node.init, inside); return
      case 'BlockStatement': this.#statements(node.body, { ...inside, scope: blockScope(node.body, inside.scope) }); return
      case 'SwitchStatement': {
        this.#node(node.discriminant, inside)
        this.#statements(node.cases, { ...inside, scope: blockScope(node.cases.flatMap(c => c.consequent), inside.scope) })
        return
      }
      case 'ForStatement': case 'ForInStatement': case 'ForOfStatement': this.#loop(node, inside); return
      case 'CatchClause': {
        const scope = scopeIn(inside.scope)
        declarePattern(node.param ?? null, scope)
        const within = { ...inside, scope }
        this.#declaration(node.param ?? null, within)
        this.#node(node.body, within)
        return
      }
      case 'LabeledStatement': this.#node(node.body, inside); return
      case 'BreakStatement': case 'ContinueStatement': return
      case 'WithStatement': this.names.usesWith = true; this.#children(node, inside); return
      default: this.#children(node, inside)
    }
  }

  #property(node: Property, inside: Inside): void {
    if (node.computed) this.#node(node.key, inside)
    if (node.method || node.kind !== 'init') this.function(node.value as FunctionLike, inside, true)
    else if (node.shorthand && node.value.type === 'Identifier') this.#reference(node.value, inside, 'shorthand')
    else this.#node(node.value, inside)
  }

  #loop(node: ForStatement | ForInStatement | ForOfStatement, inside: Inside): void {
    const scope = scopeIn(inside.scope)
    const within = { ...inside, scope }
    const head = node.type === 'ForStatement' ? node.init : node.left
    if (head?.type === 'VariableDeclaration' && head.kind !== 'var') for (const d of head.declarations) declarePattern(d.id, scope)
    if (node.type === 'ForStatement') for (const part of [node.init, node.test, node.update]) this.#node(part, within)
    else {
      if (head?.type === 'VariableDeclaration') this.#node(head, within)
      else this.#target(head as Pattern, within)
      this.#node(node.right, within)
    }
    this.#node(node.body, within)
  }

  #children(node: AnyNode, inside: Inside): void {
    for (const child of childrenOf(node)) this.#node(child, inside)
  }
}

function privateNamesOf(body: ClassBody): Set<string> {
  const names = new Set<string>()
  for (const member of body.body) if (member.type !== 'StaticBlock' && member.key.type === 'PrivateIdentifier') names.add(member.key.name)
  return names
}
