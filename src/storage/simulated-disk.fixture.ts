// A disk whose faults a seed decides: what is not synced is lost at a power cut, or half of it; writes are torn; the disk is slow, or full.
//
// - `disk.process()` is the file system as one process sees it. The process can be killed, stopped and continued at any step.
// - A step is what happens at once: one write, one sync, one name. Between steps others run; only promises are used, no timers, so that
//   the same seed gives the same run.
// - Files only grow, so a file is its bytes and how many of them are on the platter. A name is on the platter once its folder is synced.

import { storageErrors } from './errors.ts'
import type { FileAppender, FileStatus, FileSystem, FileWriter } from './file-system.ts'

const sectorBytes = 512
const folder = Symbol('a folder')

interface Inode { bytes: Buffer; synced: number; modifiedMs: number }
type Entry = Inode | typeof folder

export interface ProcessOptions {
  /** Most turns that a step waits. Default: 3. */
  readonly slowness?: number
  /** What a step waits for, instead of turns. */
  readonly pause?: () => Promise<void> | undefined
  /** The step at which the process dies, in the middle of what it does. */
  readonly diesAt?: number
  /** The step at which it stands still until `resume`. */
  readonly stopsAt?: number
  /** The step from which on the disk has no room. */
  readonly fullFrom?: number
}

export class SimulatedDisk {
  readonly random: () => number
  readonly #names = new Map<string, Entry>()
  /** Changes of names that are not on the platter: what stood there before. */
  #unsynced: { readonly path: string; readonly before: Entry | undefined }[] = []
  readonly #processes = new Set<SimulatedProcess>()

  /** The time of its files. */
  readonly now: () => number

  constructor(random: () => number, now = Date.now) {
    this.random = random
    this.now = now
  }

  process(options: ProcessOptions = {}): SimulatedProcess {
    const process = new SimulatedProcess(this, options)
    this.#processes.add(process)
    return process
  }

  /** Kills every process and forgets what is not on the platter, or some of it. */
  cutPower(): void {
    for (const process of this.#processes) process.kill()
    this.#processes.clear()
    for (const { path, before } of this.#unsynced.reverse()) if (this.random() < 0.5) this.#set(path, before)
    this.#unsynced = []
    for (const path of this.paths()) if (this.get(parentOf(path)) !== folder) this.#names.delete(path) // its folder is gone
    for (const entry of new Set(this.#names.values())) if (entry !== folder) this.#tear(entry)
  }

  /** Changes one bit of a file. */
  flipBit(path: string, bit: number): void {
    const { bytes } = this.#names.get(path) as Inode
    bytes[bit >> 3]! ^= 1 << (bit & 7)
  }

  /** A disk with the same files. */
  copy(random: () => number): SimulatedDisk {
    const copy = new SimulatedDisk(random, this.now)
    for (const [path, entry] of this.#names) copy.#names.set(path, entry === folder ? entry : { ...entry, bytes: Buffer.from(entry.bytes) })
    return copy
  }

  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  get(path: string): Entry | undefined {
    return path === '' || path === '/' ? folder : this.#names.get(path)
  }

  set(path: string, entry: Entry | undefined): void {
    this.#unsynced.push({ path, before: this.#names.get(path) })
    this.#set(path, entry)
  }

  /** Moves a folder: the names in it stay what they are, on the platter or not. */
  move(from: string, to: string): void {
    this.syncFolder(from)
    for (const path of this.paths().filter(name => name.startsWith(`${from}/`))) {
      this.#set(to + path.slice(from.length), this.#names.get(path))
      this.#set(path, undefined)
    }
    this.#unsynced = this.#unsynced.map(({ path, before }) => ({ path: path.startsWith(`${from}/`) ? to + path.slice(from.length) : path, before }))
    this.#set(to, folder)
    this.#set(from, undefined)
    for (const path of [from, to]) this.syncFolder(parentOf(path))
  }

  syncFolder(path: string): void {
    this.#unsynced = this.#unsynced.filter(change => parentOf(change.path) !== path)
  }

  /** What is left of the bytes behind the synced ones: all, none, or any number of them, and of these some sectors. */
  #tear(inode: Inode): void {
    const fate = this.random()
    if (fate < 0.2) { inode.synced = inode.bytes.length; return }
    const end = fate < 0.4 ? inode.synced : inode.synced + Math.floor(this.random() * (inode.bytes.length - inode.synced + 1))
    const left = Buffer.from(inode.bytes.subarray(0, end))
    for (let at = inode.synced; at < end;) {
      const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes)
      if (this.random() < 0.3) left.fill(0, at, next)
      at = next
    }
    inode.bytes = left
    inode.synced = end
  }

  #set(path: string, entry: Entry | undefined): void {
    if (entry === undefined) this.#names.delete(path)
    else this.#names.set(path, entry)
  }
}

export class SimulatedProcess implements FileSystem {
  /** Resolves when the process has died or stands still. */
  readonly halted: Promise<void>
  readonly #disk: SimulatedDisk
  readonly #options: ProcessOptions
  #steps = 0
  #dead = false
  #halt: () => void = () => {}
  #resume: (() => void) | undefined
  #gate: Promise<void> | undefined

  constructor(disk: SimulatedDisk, options: ProcessOptions) {
    this.#disk = disk
    this.#options = options
    this.halted = new Promise(resolve => { this.#halt = resolve })
  }

  get dead(): boolean {
    return this.#dead
  }

  get stopped(): boolean {
    return this.#gate !== undefined
  }

  kill(): void {
    this.#dead = true
    this.#halt()
  }

  /** The machine has power again, for who needs no start. */
  revive(): void {
    this.#dead = false
  }

  /** Continues after `stopsAt`. */
  resume(): void {
    this.#gate = undefined
    this.#resume?.()
  }

  async status(path: string): Promise<FileStatus | undefined> {
    await this.#step()
    return this.#statusOf(path)
  }

  async list(directory: string): Promise<readonly FileStatus[]> {
    await this.#step()
    const entry = this.#disk.get(directory.replace(/\/+$/, ''))
    if (entry === undefined) throw storageErrors.RIV_FILE_NOT_FOUND('list', directory)
    if (entry !== folder) throw storageErrors.RIV_FILE_KIND('list', directory)
    return this.#disk.paths().filter(path => parentOf(path) === directory.replace(/\/+$/, '')).map(path => this.#statusOf(path)!)
  }

  async read(path: string): Promise<Uint8Array> {
    await this.#step()
    return Buffer.from(this.#file('read', path).bytes)
  }

  async* readRange(path: string, from: number, to: number): AsyncGenerator<Uint8Array> {
    await this.#step()
    const inode = this.#file('read', path)
    for (let at = from, chunk; (chunk = inode.bytes.subarray(at, Math.min(to, at + 4_096))).length > 0; at += chunk.length) {
      await this.#step()
      yield Buffer.from(chunk)
    }
  }

  async create(path: string): Promise<FileWriter> {
    await this.#step()
    if (this.#disk.get(path) === folder) throw storageErrors.RIV_FILE_KIND('create', path)
    return this.#writer(path, this.#add('create', path))
  }

  async append(path: string): Promise<FileAppender> {
    await this.#step()
    const inode = this.#file('append', path)
    return {
      append: async chunks => this.#write('append', path, inode, Buffer.concat(chunks)),
      sync: async () => { await this.#step(); inode.synced = inode.bytes.length; await this.#step() },
      close: async () => this.#step(),
    }
  }

  async createExclusive(path: string, content: Uint8Array | string): Promise<void> {
    await this.#step()
    if (this.#disk.get(path) !== undefined) throw storageErrors.RIV_FILE_EXISTS('createExclusive', path)
    const inode = this.#add('createExclusive', path)
    await this.#write('createExclusive', path, inode, Buffer.from(content))
    await this.#step()
    inode.synced = inode.bytes.length
    await this.#step()
    this.#disk.syncFolder(parentOf(path))
  }

  async writeAtomic(path: string, content: Uint8Array | string): Promise<void> {
    await this.#step()
    const inode: Inode = { bytes: Buffer.alloc(0), synced: 0, modifiedMs: this.#disk.now() }
    this.#parent('writeAtomic', path)
    await this.#write('writeAtomic', path, inode, Buffer.from(content))
    await this.#step()
    inode.synced = inode.bytes.length
    this.#disk.set(path, inode)
    await this.#step()
    this.#disk.syncFolder(parentOf(path))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step()
    const entry = this.#disk.get(from)
    if (entry === undefined) throw storageErrors.RIV_FILE_NOT_FOUND('rename', from)
    if (this.#disk.get(to) !== undefined) throw storageErrors.RIV_FILE_EXISTS('rename', to)
    if (entry === folder) return this.#disk.move(from, to)
    this.#disk.set(to, entry)
    this.#disk.set(from, undefined)
  }

  async makeDirectory(path: string, { sync = false }: { sync?: boolean } = {}): Promise<void> {
    await this.#step()
    if (sync && this.#disk.get(path) === undefined) await this.makeDirectory(parentOf(path), { sync })
    for (let i = path.indexOf('/', 1); ; i = path.indexOf('/', i + 1)) {
      const part = i === -1 ? path : path.slice(0, i)
      const entry = this.#disk.get(part)
      if (entry === undefined) this.#disk.set(part, folder)
      else if (entry !== folder) throw storageErrors.RIV_FILE_KIND('makeDirectory', part)
      if (i === -1) break
    }
    if (!sync) return
    await this.#step()
    this.#disk.syncFolder(parentOf(path))
  }

  async remove(path: string): Promise<void> {
    await this.#step()
    for (const name of this.#below(path)) this.#disk.set(name, undefined)
  }

  /** Lets others run for a while; here a process dies, or waits. */
  async #step(): Promise<void> {
    const at = this.#steps++
    if (this.#options.pause !== undefined) await this.#options.pause()
    else for (let turns = Math.floor(this.#disk.random() * (1 + (this.#options.slowness ?? 3))); turns > 0; turns--) await Promise.resolve()
    if (at === this.#options.stopsAt) {
      this.#gate = new Promise(resolve => { this.#resume = resolve })
      this.#halt()
    }
    await this.#gate
    if (at === this.#options.diesAt) this.kill()
    if (this.#dead) await new Promise<never>(() => {})
  }

  async #write(operation: string, path: string, inode: Inode, bytes: Buffer): Promise<void> {
    const half = Math.floor(this.#disk.random() * (bytes.length + 1))
    await this.#step()
    inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(0, half)])
    await this.#step()
    if (this.#steps >= (this.#options.fullFrom ?? Infinity)) throw storageErrors.RIV_FILE_FULL(operation, path)
    inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(half)])
    inode.modifiedMs = this.#disk.now()
  }

  #writer(path: string, inode: Inode): FileWriter {
    return {
      write: async bytes => this.#write('write', path, inode, Buffer.from(bytes)),
      close: async ({ sync = false } = {}) => { await this.#step(); if (sync) inode.synced = inode.bytes.length },
    }
  }

  #add(operation: string, path: string): Inode {
    this.#parent(operation, path)
    const inode: Inode = { bytes: Buffer.alloc(0), synced: 0, modifiedMs: this.#disk.now() }
    this.#disk.set(path, inode)
    return inode
  }

  #parent(operation: string, path: string): void {
    if (this.#disk.get(parentOf(path)) !== folder) throw storageErrors.RIV_FILE_NOT_FOUND(operation, path)
  }

  #file(operation: string, path: string): Inode {
    const entry = this.#disk.get(path)
    if (entry === undefined) throw storageErrors.RIV_FILE_NOT_FOUND(operation, path)
    if (entry === folder) throw storageErrors.RIV_FILE_KIND(operation, path)
    return entry
  }

  #statusOf(path: string): FileStatus | undefined {
    const entry = this.#disk.get(path)
    return entry === undefined ? undefined : { path, bytes: entry === folder ? 0 : entry.bytes.length, modifiedMs: entry === folder ? 0 : entry.modifiedMs, directory: entry === folder }
  }

  #below(path: string): string[] {
    return this.#disk.paths().filter(name => name === path || name.startsWith(`${path}/`))
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
