import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepPlan, keptPlan } from '@gatepost/coordinator/shell/plan/plan-cache';
import { planDigest } from '@gatepost/rules/plan/digest';
import type { Plan } from '@gatepost/rules/plan/plan';
import { expect, it, onTestFinished } from 'vitest';
import { planOf, taskOf } from './core/plans.js';

function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-plans-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

const LONG_AGO_SECONDS = 1_000_000_000;

function largePlan(): Plan {
  const note = 'ä'.repeat(500);
  const { digest, ...plan } = planOf(Array.from({ length: 500 }, (_, n) => taskOf(`t${n}`, { input: { n, note } })));
  return { ...plan, digest: planDigest(plan) };
}

it('a plan of several pieces is kept as it is, amounts too', () => {
  const stateDir = ownDirectory();
  const plan = largePlan();
  keepPlan(stateDir, plan);
  expect(keptPlan(stateDir, plan.digest)).toEqual(JSON.parse(JSON.stringify(plan, asText), asAmount));
  expect(planDigest(keptPlan(stateDir, plan.digest) as Plan)).toBe(plan.digest);
  expect(readdirSync(join(stateDir, 'plans'))).toEqual([`${plan.digest}.json`]);
});

it('one that is kept already is marked as used and not written again', () => {
  const stateDir = ownDirectory();
  const plan = largePlan();
  keepPlan(stateDir, plan);
  const path = join(stateDir, 'plans', `${plan.digest}.json`);
  const { ino } = statSync(path);
  utimesSync(path, LONG_AGO_SECONDS, LONG_AGO_SECONDS);
  keepPlan(stateDir, plan);
  expect(statSync(path).ino).toBe(ino);
  expect(statSync(path).mtimeMs).toBeGreaterThan(LONG_AGO_SECONDS * 1_000);
});

it('says what cannot take a plan', () => {
  const directory = ownDirectory();
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(() => keepPlan(file, largePlan())).toThrow(/state_dir: cannot write .*; nothing was started/);
});

const asText = (_key: string, value: unknown) => (typeof value === 'bigint' ? { amount: `${value}` } : value);
const asAmount = (_key: string, value: unknown) =>
  typeof value === 'object' && value !== null && 'amount' in value ? BigInt(String(value.amount)) : value;
