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

/**
 * `::progress 0.4 message` is progress, `::usage tokens=1200 cost_usd=0.02` what was used so far, any other line a log line. A fraction outside 0..1 is clamped; what is no
 * number belongs to the message and the fraction is unknown, -1.
 */
export function parseExecutorLine(line: string): ExecutorLine {
  const used = USAGE.exec(line);
  if (used !== null) return { type: 'usage', usage: usageIn(used[1] ?? '') };
  const match = PROGRESS.exec(line);
  if (match === null) return { type: 'log', line };
  const [, first = '', rest = ''] = match;
  const fraction = first === '' ? Number.NaN : Number(first);
  const known = Number.isFinite(fraction);
  const message = known ? rest : `${first} ${rest}`.trim();
  return {
    type: 'progress',
    fraction: known ? Math.min(1, Math.max(0, fraction)) : -1,
    message: message.slice(0, MAX_PROGRESS_MESSAGE),
  };
}
