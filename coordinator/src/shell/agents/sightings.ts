import { readFileSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@gatepost/shared/log';
import { writePrivateView } from '@gatepost/shared/private-file';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { z } from 'zod';
import type { Health } from '../../core/decide/health.js';

const HEALTHS = ['alive', 'suspect', 'lost', 'lapsed', 'offline'] as const satisfies readonly Health[];

const sighting = z.object({
  agent: z.string(),
  health: z.enum(HEALTHS),
  why: z.string(),
  /** When it was heard last on its session, milliseconds since the Unix epoch. */
  last_beat_ms: z.number().optional(),
  /** Its own word on what it does, of its last heartbeat. */
  running: z.int().optional(),
  queued: z.int().optional(),
});

const sightings = z.object({
  /** The runs that the coordinator works on. */
  runs: z.array(z.string()),
  /** When they were written. */
  at_ms: z.number(),
  agents: z.array(sighting),
});

/** What a running coordinator sees of one agent's session, and what it makes of it. */
export type Sighting = z.infer<typeof sighting>;
export type Sightings = z.infer<typeof sightings>;

/** How old the file may be before it is that of a coordinator that died. */
const FRESH_MS = 10_000;

const pathOf = (stateDir: string): string => join(stateDir, 'agents.json');

/**
 * Lets other processes of this host see what this coordinator sees. A view only: nothing is decided by it, and nothing
 * waits for it; a disk that is busy gets the newest alone.
 */
export class SightingsFile {
  #newest: Sightings | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly stateDir: string,
    private readonly log: Pick<Logger, 'warn'>,
  ) {}

  tell(seen: Sightings): void {
    this.#newest = seen;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#newest !== undefined) {
      const seen = this.#newest;
      this.#newest = undefined;
      try {
        await mkdir(this.stateDir, { recursive: true, mode: 0o700 });
        await writePrivateView(pathOf(this.stateDir), JSON.stringify(seen));
      } catch (thrown) {
        this.log.warn(`what is seen of the agents cannot be written: ${toGatepostError(thrown).message}`);
      }
    }
  }

  /** The coordinator ends. */
  async close(): Promise<void> {
    this.#newest = undefined;
    await this.#writing;
    rmSync(pathOf(this.stateDir), { force: true });
  }
}

/** What the coordinator that runs on this host sees of a run; undefined when none does. */
export function readSightings(stateDir: string, run: string, nowMs: number): Sightings | undefined {
  let text: string;
  try {
    text = readFileSync(pathOf(stateDir), 'utf8');
  } catch {
    return undefined; // No coordinator runs here.
  }
  const { data } = sightings.safeParse(JSON.parse(text));
  return data?.runs.includes(run) && nowMs - data.at_ms <= FRESH_MS ? data : undefined;
}
