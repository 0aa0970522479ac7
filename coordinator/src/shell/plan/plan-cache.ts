import { existsSync, mkdirSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@gatepost/rules/plan/plan';
import { systemClock } from '@gatepost/shared/clock';
import { writePrivateFile } from '@gatepost/shared/private-file';
import type { Sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/** How an amount is written, which JSON has no form for. */
const MARK = '$amount';

const write = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? { [MARK]: value.toString() } : value;

function revive(_key: string, value: unknown): unknown {
  const amount = typeof value === 'object' && value !== null ? (value as { [MARK]?: unknown })[MARK] : undefined;
  return typeof amount === 'string' ? BigInt(amount) : value;
}

const pathOf = (stateDir: string, digest: Sha256): string => join(stateDir, 'plans', `${digest}.json`);

/** Texts are converted together up to this many characters. */
const PIECE_CHARS = 65_536;

/** A plan as JSON, a task after the other: the whole of a large plan would be a text of many megabytes. */
function* planJson({ tasks, ...rest }: Plan): Generator<string> {
  yield `${JSON.stringify(rest, write).slice(0, -1)},"tasks":[`;
  let separator = '';
  for (const task of tasks) {
    yield `${separator}${JSON.stringify(task, write)}`;
    separator = ',';
  }
  yield ']}';
}

/** The bytes of texts, converted many at a time. */
function bytesOf(texts: Iterable<string>): Buffer {
  const pieces: Buffer[] = [];
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARS) continue;
    pieces.push(Buffer.from(piece));
    piece = '';
  }
  return Buffer.concat([...pieces, Buffer.from(piece)]);
}

/**
 * Keeps a compiled plan, so that other commands need not be told its file. A cache only, but what cannot take a plan
 * cannot take outputs either. One that is there already is the same, and only marked as used.
 * @throws GatepostError STORE_FAILED
 */
export function keepPlan(stateDir: string, plan: Plan): void {
  const path = pathOf(stateDir, plan.digest);
  try {
    mkdirSync(join(stateDir, 'plans'), { recursive: true, mode: 0o700 });
    const seconds = systemClock.nowMs() / 1_000;
    if (existsSync(path)) utimesSync(path, seconds, seconds);
    else writePrivateFile(path, bytesOf(planJson(plan)));
  } catch (error) {
    const message = `state_dir: cannot write ${path}: ${(error as Error).message}; nothing was started`;
    throw new GatepostError('STORE_FAILED', message, { path }, error);
  }
}

/** The plan of that digest, when this host has run it. */
export function keptPlan(stateDir: string, digest: Sha256): Plan | undefined {
  try {
    return JSON.parse(readFileSync(pathOf(stateDir, digest), 'utf8'), revive) as Plan;
  } catch {
    return undefined;
  }
}
