import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '@gatepost/rules/plan/plan';
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

/**
 * Keeps a compiled plan, so that other commands need not be told its file. A cache only, but what cannot take a plan
 * cannot take outputs either.
 * @throws GatepostError STORE_FAILED
 */
export function keepPlan(stateDir: string, plan: Plan): void {
  const path = pathOf(stateDir, plan.digest);
  try {
    mkdirSync(join(stateDir, 'plans'), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.part`, JSON.stringify(plan, write), { mode: 0o600 });
    renameSync(`${path}.part`, path);
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
