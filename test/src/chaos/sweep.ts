import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { playRound, type RoundReport } from './round.js';
import { openWorld, type World } from './world.js';

/** Rounds that share a network, a journal and agents; the journal grows with each. */
const ROUNDS_PER_WORLD = 10;

export interface SweepOptions {
  /** One for each round. */
  readonly seeds: Iterable<number>;
  /** No round begins later, in milliseconds; no limit when left out. */
  readonly forMs?: number;
  readonly directory: string;
  /** Keep the logs of rounds that went well, too. */
  readonly keep?: boolean;
  readonly onRound: (report: RoundReport) => void;
  /** Aborted: the round under way is the last. */
  readonly stopped?: AbortSignal;
}

export interface SweepReport {
  readonly rounds: number;
  /** Seeds of rounds in which a promise was not kept. */
  readonly failed: readonly number[];
}

/** Plays rounds one after the other; a world that saw a violation is not used again, and its logs are kept. */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const end = performance.now() + (options.forMs ?? Number.POSITIVE_INFINITY);
  const failed: number[] = [];
  let world: World | undefined;
  let directory = '';
  let isSpoilt = false;
  let played = 0;
  const closeWorld = async () => {
    await world?.close();
    if (world !== undefined && !isSpoilt && options.keep !== true) rmSync(directory, { recursive: true, force: true });
    world = undefined;
    isSpoilt = false;
  };
  try {
    for (const seed of options.seeds) {
      if (performance.now() > end || options.stopped?.aborted === true) break;
      if (isSpoilt || played % ROUNDS_PER_WORLD === 0) await closeWorld();
      if (world === undefined) {
        mkdirSync(options.directory, { recursive: true });
        directory = mkdtempSync(join(options.directory, `${seed}-`));
        world = await openWorld(directory);
      }
      const report = await playRound(world, seed);
      played += 1;
      isSpoilt = report.violations.length > 0;
      if (isSpoilt) failed.push(seed);
      options.onRound(report);
    }
  } finally {
    await closeWorld();
  }
  return { rounds: played, failed };
}
