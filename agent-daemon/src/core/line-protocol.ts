/** A line of an executor's standard error. */
export type ExecutorLine =
  | { readonly type: 'progress'; readonly fraction: number; readonly message: string }
  | { readonly type: 'log'; readonly line: string };

const PROGRESS = /^::progress(?:\s+(\S+))?(?:\s+(.*))?$/;
/** Longest progress message, characters. */
const MAX_PROGRESS_MESSAGE = 200;

/**
 * `::progress 0.4 message` is progress, any other line is a log line. A fraction outside 0..1 is clamped; what is no
 * number belongs to the message and the fraction is unknown, -1.
 */
export function parseExecutorLine(line: string): ExecutorLine {
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
