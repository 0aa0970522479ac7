import { createContext } from 'preact';
import type { Me, Verified, Word } from './service.js';

/** What can be asked of the coordinator that serves the page. */
export interface LiveActs {
  readonly me: Me;
  /** Gives the digest that the journal names. @throws ServiceError */
  readonly say: (word: Word, run: string, task: string, text: string) => Promise<string>;
  /** @throws ServiceError */
  readonly verify: (run: string) => Promise<Verified>;
}

/** Undefined in a report that is a file, which asks nobody for anything. */
export const Live = createContext<LiveActs | undefined>(undefined);
