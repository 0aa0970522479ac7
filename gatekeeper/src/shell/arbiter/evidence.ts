import { type Attempt, attemptKeyOf } from '@gatepost/rules/run/attempt';
import { DISPUTE_QUIET } from '@gatepost/rules/run/dispute';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { AccountId, ScheduleId } from '@gatepost/shared/vocabulary/ids';
import { formatTime, msFromNanos, type Nanos } from '@gatepost/shared/vocabulary/time';

/** All that the ledger says of a disputed attempt; times as text, amounts in the token's smallest unit. */
export interface DisputeEvidence {
  readonly attempt: string;
  readonly type: string;
  readonly gates: readonly string[];
  readonly agent: AccountId;
  readonly price: string;
  readonly input: { readonly sha256: string; readonly size: number };
  readonly output: {
    readonly sha256: string;
    readonly size: number;
    readonly at: string;
    readonly text: string | undefined;
  };
  /** Null while nobody judged it. */
  readonly verdict: { readonly accepted: boolean; readonly gate: string; readonly reason: string } | null;
  readonly dispute: {
    readonly by: AccountId;
    readonly at: string;
    readonly reason: string;
    readonly schedule: ScheduleId;
  };
  /** From when on a decision has an effect. */
  readonly decideFrom: string;
  /** Null while there is none. */
  readonly decision: { readonly pay: boolean; readonly reason: string; readonly at: string } | null;
}

const timeText = (at: Nanos): string => formatTime(msFromNanos(at));

/** What is disputed in a run, or of one task of it. */
export const disputesOf = (state: RunState, id?: string): readonly DisputeEvidence[] =>
  [...state.tasks.values()]
    .filter(({ spec }) => id === undefined || spec.id === id)
    .flatMap(({ spec, attempts }) =>
      attempts.flatMap((attempt) => {
        const { type, gates } = spec;
        const found = evidenceOf(attempt);
        return found === undefined ? [] : [{ type, gates: gates.map(({ kind }) => kind), ...found }];
      }),
    );

function evidenceOf(attempt: Attempt): Omit<DisputeEvidence, 'type' | 'gates'> | undefined {
  const { agent, price, inputSha256, inputSize, result, verdict, dispute } = attempt;
  if (dispute === undefined || result === undefined) return undefined;
  const { by, at, reason, schedule, decision } = dispute;
  return {
    attempt: attemptKeyOf(attempt),
    agent,
    price: price.toString(),
    input: { sha256: inputSha256, size: inputSize },
    output: {
      sha256: result.outputSha256 ?? '',
      size: result.outputSize,
      at: timeText(result.at),
      text: result.inline,
    },
    verdict: verdict === undefined ? null : { accepted: verdict.accepted, gate: verdict.gate, reason: verdict.reason },
    dispute: { by, at: timeText(at), reason, schedule },
    decideFrom: timeText(at + DISPUTE_QUIET),
    decision: decision === undefined ? null : { pay: decision.pay, reason: decision.reason, at: timeText(decision.at) },
  };
}
