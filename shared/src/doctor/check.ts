import type { ErrorCode } from '../vocabulary/errors.js';

/** Which doctor looks. */
export type Doctor = 'coordinator' | 'agent' | 'gatekeeper';

/** Something that can be wrong. `code` is that of the error with which `run` or `serve` ends, when they look too. */
export interface Problem {
  /** `error` keeps the product from doing its work, or part of it; with a `warning` it works. */
  readonly level: 'warning' | 'error';
  readonly what: string;
  /** What to do about it. */
  readonly advice: string;
  readonly code?: ErrorCode;
}

/** One thing that is looked at. */
export interface Check {
  readonly by: readonly Doctor[];
  readonly looksAt: string;
  readonly problems: Readonly<Record<string, Problem>>;
}
