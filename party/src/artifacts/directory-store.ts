import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writePrivateFileAside } from '@gatepost/shared/private-file';
import {
  type ArtifactName,
  type ArtifactStore,
  artifactPath,
  NO_BYTES,
  otherBytes,
  proveBy,
  requireNamed,
  unavailable,
} from './artifact-store.js';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Artifacts as files of a directory, which has to be there: one that is not mounted is not made anew elsewhere. */
export class DirectoryStore implements ArtifactStore {
  /** @param place its absolute path. */
  constructor(readonly place: string) {}

  async put(name: ArtifactName, bytes: Buffer): Promise<void> {
    try {
      const known = await stat(this.#file(name)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      if (known?.size !== name.size) await this.#write(name, bytes);
    } catch (error) {
      throw unavailable(this.place, 'cannot be written', error);
    }
  }

  #file({ digest }: ArtifactName): string {
    return join(this.place, artifactPath(digest));
  }

  async #write(name: ArtifactName, bytes: Buffer): Promise<void> {
    await this.#requireThere();
    const file = this.#file(name);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writePrivateFileAside(file, bytes);
  }

  async #requireThere(): Promise<void> {
    try {
      await stat(this.place);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new Error('there is no such directory; make it, or mount what should be there');
    }
  }

  async get(name: ArtifactName): Promise<Buffer | undefined> {
    try {
      const file = await open(this.#file(name), 'r');
      try {
        const { size } = await file.stat();
        if (size !== name.size) throw otherBytes(this.place, name, `${size} instead of ${name.size} bytes`);
        return requireNamed(this.place, name, await file.readFile());
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!isMissing(error)) throw unavailable(this.place, 'cannot be read', error);
      await this.#requireThere().catch((missing: unknown) => {
        throw unavailable(this.place, 'cannot be read', missing);
      });
      return undefined;
    }
  }

  prove(): Promise<void> {
    return proveBy(this, async () => {
      await this.#write(NO_BYTES, Buffer.alloc(0)).catch((error: unknown) => {
        throw unavailable(this.place, 'cannot be written', error);
      });
    });
  }

  close(): void {
    // Nothing is kept open.
  }
}
