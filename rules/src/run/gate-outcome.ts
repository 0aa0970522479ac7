import type { VerdictGate } from './verdict-gates.js';

/** What the automatic gates said of an attempt's output. */
export interface GateOutcome {
  readonly accepted: boolean;
  readonly gate: VerdictGate;
  readonly reason: string;
}
