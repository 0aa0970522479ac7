import writeFileAtomic from 'write-file-atomic';

const OWNER_ONLY = 0o600;
const READABLE_BY_ALL = 0o644;

/**
 * Writes a file that its owner alone may read: all of it or nothing, so that neither a full disk nor a kill leaves half
 * of it. The content is on the disk when it returns, unless `isLasting` is false: for what is written anew all the time.
 * @throws Error of the file system.
 */
export function writePrivateFile(path: string, content: string | Uint8Array, isLasting = true): void {
  const data = typeof content === 'string' ? content : Buffer.from(content);
  writeFileAtomic.sync(path, data, { mode: OWNER_ONLY, fsync: isLasting });
}

/** The same beside the event loop, for what is written anew all the time. Rejects with an Error of the file system. */
export const writePrivateView = (path: string, content: string): Promise<void> =>
  writeFileAtomic(path, content, { mode: OWNER_ONLY, fsync: false });

/** As `writePrivateFile`, beside the event loop. Rejects with an Error of the file system. */
export const writePrivateFileAside = (path: string, content: Buffer): Promise<void> =>
  writeFileAtomic(path, content, { mode: OWNER_ONLY });

/** The same of a file that others may read. @throws Error of the file system. */
export function writePublicFile(path: string, content: string): void {
  writeFileAtomic.sync(path, content, { mode: READABLE_BY_ALL, fsync: false });
}
