import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { lockDirectory } from '@gatepost/shared/directory-lock';
import { decodeEntry, type LoggedGenesis } from './codec.js';
import { readFrame } from './frame.js';
import type { InputLog, LoggedInput } from './input-log.js';
import { LogFile, readLog } from './log-file.js';

/** What is needed to begin a ledger. */
export type NewGenesis = Omit<LoggedGenesis, 'kind'>;

/** A ledger's data: what it started from, what has happened, and where to write what happens next. */
export interface DataDirectory {
  readonly genesis: NewGenesis;
  /** Visits the inputs there are, in order; at the end the log is open for more. Call once. */
  replay(visit: (input: LoggedInput) => void): void;
  /** The log; usable after `replay`. */
  readonly log: InputLog;
}

/** Opens a ledger's data directory, making it when it is not there. @throws Error when another process has it. */
export async function openDataDirectory(path: string, fresh: () => NewGenesis): Promise<DataDirectory> {
  mkdirSync(path, { recursive: true });
  const lock = lockDirectory(path);
  if ('heldBy' in lock) throw new Error(`the data directory ${path} is in use by process ${lock.heldBy}`);
  const unlock = lock.release;
  try {
    const file = join(path, 'ledger.log');
    const known = existsSync(file) ? firstEntry(file) : undefined;
    return known === undefined ? await beginLog(file, fresh(), unlock) : await resumeLog(file, known, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function beginLog(file: string, genesis: NewGenesis, unlock: () => void): Promise<DataDirectory> {
  const log = await LogFile.open(file, 0);
  await log.write({ kind: 'genesis', ...genesis });
  return { genesis, log: unlocking(log, unlock), replay: () => {} };
}

async function resumeLog(file: string, genesis: NewGenesis, unlock: () => void): Promise<DataDirectory> {
  const end = readLog(file, () => {});
  const log = await LogFile.open(file, end);
  return {
    genesis,
    log: unlocking(log, unlock),
    replay: (visit) => {
      readLog(file, (entry) => {
        if (entry.kind !== 'genesis') {
          visit(entry);
        }
      });
    },
  };
}

function unlocking(log: LogFile, unlock: () => void): InputLog {
  return {
    append: (input) => log.append(input),
    close: async () => {
      await log.close();
      unlock();
    },
  };
}

/** The genesis at the beginning of a log; undefined when even that was never completed. */
function firstEntry(file: string): LoggedGenesis | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(64);
    const count = readSync(descriptor, bytes, 0, bytes.length, 0);
    const first = readFrame(bytes.subarray(0, count), 0);
    if (first === 'incomplete' || first === 'broken') {
      return undefined;
    }
    const entry = decodeEntry(first.payload);
    return entry.kind === 'genesis' ? entry : undefined;
  } finally {
    closeSync(descriptor);
  }
}
