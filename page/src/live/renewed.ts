import type { ReportDocument } from '../report.js';

/**
 * A report brought up to date by a newer one of some of its runs.
 * @param asked the runs that the newer one was asked for; undefined for all.
 */
export function renewed(
  old: ReportDocument,
  fresh: ReportDocument,
  asked: ReadonlySet<string> | undefined,
): ReportDocument {
  return kept(old, asked === undefined ? fresh : joined(old, fresh, asked));
}

function joined(old: ReportDocument, fresh: ReportDocument, asked: ReadonlySet<string>): ReportDocument {
  const runs = [...old.runs.filter(({ run }) => !asked.has(run)), ...fresh.runs];
  const others = old.verification.findings.filter(({ run }) => run !== undefined && !asked.has(run));
  const findings = [...others, ...fresh.verification.findings];
  return {
    ...fresh,
    // Timestamps of equal length: seconds have ten digits until the year 2286.
    runs: runs.toSorted((one, other) => (one.opened.at < other.opened.at ? -1 : 1)),
    verification: { ...fresh.verification, findings, holds: runs.length > 0 && findings.length === 0 },
  };
}

/** The newer value, in which every part that did not change is the very part of the older one. */
export function kept<T>(old: T, fresh: T): T {
  if (Object.is(old, fresh)) return old;
  if (typeof old !== 'object' || typeof fresh !== 'object' || old === null || fresh === null) return fresh;
  if (Array.isArray(old) !== Array.isArray(fresh)) return fresh;
  const before = old as Record<string, unknown>;
  const after = fresh as Record<string, unknown>;
  const keys = Object.keys(after);
  const parts = keys.map((key) => (Object.hasOwn(before, key) ? kept(before[key], after[key]) : after[key]));
  const isSame =
    keys.length === Object.keys(before).length &&
    keys.every((key, index) => Object.hasOwn(before, key) && Object.is(before[key], parts[index]));
  if (isSame) return old;
  return (Array.isArray(fresh) ? parts : Object.fromEntries(keys.map((key, index) => [key, parts[index]]))) as T;
}
