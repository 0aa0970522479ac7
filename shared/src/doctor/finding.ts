import { counted } from '../vocabulary/counted.js';
import { GatepostError, toGatepostError } from '../vocabulary/errors.js';
import { allPrintable, printableJson } from '../vocabulary/printable.js';
import { type CheckId, type ProblemId, problemOf } from './checks.js';

/** What a doctor found at one of its checks. */
export interface Finding {
  /** Stable: that of the check when all is well, else that of the problem. */
  readonly id: CheckId | ProblemId;
  readonly level: 'ok' | 'warning' | 'error';
  /** Which of several: an agent's account, an executor's task type. */
  readonly about: string | undefined;
  /** What was seen, where. */
  readonly detail: string;
  /** What to do; undefined when all is well. */
  readonly advice: string | undefined;
}

/** All is well. */
export const fine = (id: CheckId, detail: string, about?: string): Finding => ({
  id,
  level: 'ok',
  about,
  detail,
  advice: undefined,
});

/** Something is wrong; level and advice are those of the table. */
export function trouble(id: ProblemId, detail: string, about?: string): Finding {
  const { level, advice } = problemOf(id);
  return { id, level, about, detail, advice };
}

/** One look: what was found, or several things. Errors with a known meaning are findings, others are thrown. */
export type Look = () => Promise<Finding | readonly Finding[]> | Finding | readonly Finding[];

/**
 * Takes every look; those that the mirror could not answer are one finding together.
 * @throws whatever a look throws that is neither an unreachable nor a slow mirror.
 */
export async function takeLooks(looks: readonly Look[]): Promise<readonly Finding[]> {
  const taken = await Promise.all(
    looks.map(async (look) => {
      try {
        return [await look()].flat();
      } catch (error) {
        const { code, message } = toGatepostError(error);
        if (code !== 'MIRROR_UNREACHABLE') throw error;
        return [trouble('mirror.unreachable', message)];
      }
    }),
  );
  const findings = taken.flat();
  const isFirst = (finding: Finding, index: number) =>
    finding.id !== 'mirror.unreachable' || findings.findIndex(({ id }) => id === finding.id) === index;
  return findings.filter(isFirst);
}

const count = (findings: readonly Finding[], level: Finding['level']) =>
  findings.filter((finding) => finding.level === level).length;

/** The findings as lines for people, what to do below each that is not ok, and how many there are. */
export function findingsText(hostile: readonly Finding[]): string {
  const lines = allPrintable(hostile).flatMap(({ level, id, about, detail, advice }) => {
    const line = `${level.padEnd(7)}  ${id}${about === undefined ? '' : ` ${about}`}: ${detail}`;
    return advice === undefined ? [line] : [line, `         ${advice}`];
  });
  const sum = `${counted(count(hostile, 'error'), 'error')}, ${counted(count(hostile, 'warning'), 'warning')}`;
  return `${[...lines, sum].join('\n')}\n`;
}

/** The same as one line of JSON. */
export function findingsJson(findings: readonly Finding[]): string {
  const sums = { errors: count(findings, 'error'), warnings: count(findings, 'warning') };
  return `${printableJson(JSON.stringify({ findings, ...sums }))}\n`;
}

/**
 * Prints the findings on standard output.
 * @throws GatepostError NOT_READY when there are errors among them, INVALID_CONFIG when nothing could be looked at.
 */
export function tellFindings(findings: readonly Finding[], json: boolean): void {
  process.stdout.write(json ? findingsJson(findings) : findingsText(findings));
  const errors = findings.filter(({ level }) => level === 'error');
  const [first] = errors;
  if (first === undefined) return;
  if (first.id === 'configuration.invalid') throw new GatepostError('INVALID_CONFIG', first.detail);
  const names = errors.map(({ id, about }) => (about === undefined ? id : `${id} ${about}`));
  throw new GatepostError('NOT_READY', `not ready: ${names.join(', ')}`);
}

/**
 * For commands that do something and look first: the first error ends them before anything is written.
 * @throws GatepostError with the code that the table gives the problem.
 */
export function requireFit(findings: readonly Finding[]): void {
  const found = findings.find(({ level }) => level === 'error');
  if (found === undefined) return;
  const { code = 'NOT_READY' } = problemOf(found.id as ProblemId);
  throw new GatepostError(code, `${found.detail}; nothing was written. ${found.advice}`, { finding: found.id });
}
