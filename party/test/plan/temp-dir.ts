import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import type { Plan } from '@gatepost/rules/plan/plan';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { onTestFinished } from 'vitest';

/** A directory that lives as long as the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'gatepost-plan-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Compiles a plan text through a real file. */
export function planOf(text: string, file = 'plan.yaml', directory = temporaryDirectory()): Plan {
  const path = join(directory, file);
  writeFileSync(path, text);
  return loadPlan(path);
}

/** The problem lines of a plan text, without the directory; empty when it is right. */
export function problemsOf(text: string, file = 'plan.yaml', directory = temporaryDirectory()): readonly string[] {
  try {
    planOf(text, file, directory);
    return [];
  } catch (error) {
    if (!(error instanceof GatepostError) || error.code !== 'INVALID_PLAN') throw error;
    return error.message.split('\n').map((line) => line.replaceAll(`${directory}/`, ''));
  }
}
