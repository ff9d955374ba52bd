// The file system as tasks and the driver use it; the local one is here, HDFS and S3 come with their connectors.
//
// Contract:
// - paths are URLs (`file:`, later `hdfs:`, `s3:`) or plain local paths; a listed path is the folder's as given, and the name;
// - what fails fails with a code: RIV_FILE_NOT_FOUND, RIV_FILE_EXISTS, RIV_FILE_ACCESS, RIV_FILE_KIND, RIV_FILE_FULL, RIV_FILE_IO;
// - `createExclusive` fails with RIV_FILE_EXISTS where the name is taken, and is atomic: of two callers one wins;
// - `writeAtomic` shows the whole content under the name or nothing;
// - `append` adds at the end of a file that is there; what another program appends meanwhile is not overwritten;
// - `rename` replaces nothing: an existing target is refused;
// - listing is sorted by name, so that plans are the same on each run;
// - nothing that was written is lost on a crash once `close({ sync: true })`, `FileAppender.sync`, `createExclusive`, `writeAtomic`, `makeDirectory` with `sync`,
//   or the `rename` of a folder (with the names in it) has resolved.

/** A file or folder as listed. */
export interface FileStatus {
  readonly path: string
  readonly bytes: number
  readonly modifiedMs: number
  readonly directory: boolean
}

/** An open file that is written from start to end. */
export interface FileWriter {
  write(bytes: Uint8Array | string): Promise<void>
  /** Ends the file; with `sync` its bytes are on the disk when this resolves. */
  close(options?: { sync?: boolean }): Promise<void>
}

/** An open file that grows at its end. */
export interface FileAppender {
  /** Writes the chunks one after another; they must not change before this resolves. One call at a time. After a failure a part may be written. */
  append(chunks: readonly Uint8Array[]): Promise<void>
  /** What was appended is on the disk when this resolves. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface FileSystem {
  /** What is there, or undefined. */
  status(path: string): Promise<FileStatus | undefined>
  list(directory: string): Promise<readonly FileStatus[]>
  read(path: string): Promise<Uint8Array>
  /** Chunks of the bytes [from, to), in order, each a buffer of its own; what lies past the end of the file is left out. */
  readRange(path: string, from: number, to: number): AsyncIterable<Uint8Array>
  /** Opens a file for writing; an existing one is replaced. */
  create(path: string): Promise<FileWriter>
  /** Opens an existing file to add to it. */
  append(path: string): Promise<FileAppender>
  createExclusive(path: string, content: Uint8Array | string): Promise<void>
  writeAtomic(path: string, content: Uint8Array | string): Promise<void>
  /** Moves a file or a whole folder. */
  rename(from: string, to: string): Promise<void>
  /** Makes the folder and its parents; an existing one is fine. With `sync` it is on the disk when this resolves, also where a program made it that died meanwhile. */
  makeDirectory(path: string, options?: { sync?: boolean }): Promise<void>
  /** Removes a file or a whole folder; a missing one is fine. */
  remove(path: string): Promise<void>
}
