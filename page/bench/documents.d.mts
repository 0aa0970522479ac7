import type { ReportDocument } from '@gatepost/coordinator/core/report/document';

/** Reports of runs that never were, of any size, always the same for the same words. */
export function documentOf(about: {
  /** How many. */
  readonly tasks: number;
  /** How deep; each task waits for up to two of the layer before. */
  readonly layers: number;
  readonly agents?: number;
  readonly network?: string;
  /** What every text of others begins with. */
  readonly text?: string;
  readonly seed?: number;
  readonly name?: string;
}): ReportDocument;
