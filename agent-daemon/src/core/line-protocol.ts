import { plausibleUsage, type ReportedUsage } from './usage.js';

/** A line of an executor's standard error. */
export type ExecutorLine =
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string }
  | { readonly type: 'usage'; readonly usage: ReportedUsage }
  | { readonly type: 'log'; readonly line: string };

const PROGRESS = /^::progress(?:\s+(\S+))?(?:\s+(.*))?$/;
const USAGE = /^::usage((?:\s+(?:tokens|cost_usd)=\d+(?:\.\d+)?)+)\s*$/;
/** Longest progress message, characters. */
const MAX_PROGRESS_MESSAGE = 200;

function usageIn(words: string): ReportedUsage {
  const said = new Map([...words.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, Number(value)]));
  return plausibleUsage({ tokens: said.get('tokens'), costUsd: said.get('cost_usd') });
}

/** Progress as it is passed on: a fraction outside 0..1 is clamped, one that is no number unknown, -1; the message is cut. */
export function progressOf(fraction: number, message: string): { readonly fraction: number; readonly message: string } {
  const known = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : -1;
  return { fraction: known, message: message.slice(0, MAX_PROGRESS_MESSAGE) };
}

/**
 * `::progress 0.4 message` is progress, `::usage tokens=1200 cost_usd=0.02` what was used so far, any other line a log line.
 * What stands for the fraction and is no number belongs to the message.
 */
export function parseExecutorLine(line: string): ExecutorLine {
  const used = USAGE.exec(line);
  if (used !== null) return { type: 'usage', usage: usageIn(used[1] ?? '') };
  const match = PROGRESS.exec(line);
  if (match === null) return { type: 'log', line };
  const [, first = '', rest = ''] = match;
  const fraction = first === '' ? Number.NaN : Number(first);
  const message = Number.isFinite(fraction) ? rest : `${first} ${rest}`.trim();
  return { type: 'progress', ...progressOf(fraction, message) };
}
