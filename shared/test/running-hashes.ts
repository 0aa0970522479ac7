import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A message of a real network with the hash of its topic before and after it; hashes in hex, times in nanoseconds. */
export interface RealRunningHash {
  /** How the message came onto the topic. */
  readonly kind: string;
  readonly topic: string;
  readonly payer: string;
  readonly sequence: number;
  readonly content: string;
  /** Its own consensus timestamp. */
  readonly at: string;
  /** Consensus timestamp of the transaction the network was handling. */
  readonly handledAt: string;
  readonly before: string;
  readonly hash: string;
}

/** Taken from a public network and from the record stream of a consensus node 0.76.1. */
export const REAL_RUNNING_HASHES: readonly RealRunningHash[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'fixtures/running-hashes.json'), 'utf8'),
);
