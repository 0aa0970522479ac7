import type { ReportedTask } from './report.js';

export type Status = ReportedTask['status'];

/** How each state is called and marked; the mark tells it where the colour does not. */
export const STATUSES: Readonly<Record<Status, { readonly word: string; readonly mark: string }>> = {
  pending: { word: 'pending', mark: '·' },
  assigned: { word: 'assigned', mark: '›' },
  in_progress: { word: 'in progress', mark: '»' },
  review: { word: 'in review', mark: '?' },
  complete: { word: 'complete', mark: '✓' },
  paid: { word: 'paid', mark: '$' },
  failed: { word: 'failed', mark: '×' },
  blocked: { word: 'blocked', mark: '⊘' },
  cancelled: { word: 'cancelled', mark: '–' },
};

export const STATUS_NAMES = Object.keys(STATUSES) as readonly Status[];

/** `1234567` -> `1 234 567`, with spaces that do not break. */
export const grouped = (amount: string): string => amount.replace(/\B(?=(\d{3})+(?!\d))/g, '\u00a0');

/** Tinybar as hbar, without what is not there behind the point. */
export function hbar(tinybar: string): string {
  const digits = tinybar.padStart(9, '0');
  const fraction = digits.slice(-8).replace(/0+$/, '');
  return `${grouped(digits.slice(0, -8))}${fraction === '' ? '' : `.${fraction}`}\u00a0ℏ`;
}

/** What tinybar were worth. */
export const dollars = (tinybar: string, usdPerHbar: number): string =>
  `$${((Number(tinybar) / 1e8) * usdPerHbar).toFixed(4)}`;

/** Milliseconds since the Unix epoch of a consensus timestamp. */
export const msOf = (at: string): number => Number(at) * 1_000;

/** A consensus timestamp as date and time, UTC, to the second. */
export const dateTime = (at: string): string => new Date(msOf(at)).toISOString().slice(0, 19).replace('T', ' ');

/** How long something took, in the two largest units. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`;
}
