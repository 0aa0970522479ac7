import type { Gate } from '@gatepost/rules/plan/plan';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { nameOfGates, REVIEW_ACCEPTS, REVIEW_REJECTS } from '@gatepost/rules/run/verdict-gates';
import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type GateInput, type LaunchGate, runCommandGate } from './command-gate.js';
import { SchemaGates } from './schema-gate.js';

/** What automatic gates run with. */
export interface GateParts {
  /** Where gate programs run. */
  readonly directory: string;
  readonly schemas: SchemaGates;
  /** How they are started; as they are when left out. */
  readonly launch?: LaunchGate | undefined;
}

/** Cheap gates first; the order does not change what all of them together say. */
const COST = { none: 0, schema: 1, command: 2, quorum: 3, human: 4, agent: 5 } as const;

async function runGate(
  gate: Gate,
  { directory, schemas, launch }: GateParts,
  input: GateInput,
): Promise<GateOutcome | undefined> {
  if (gate.kind === 'command') return runCommandGate(gate.argv, gate.timeoutMs, directory, input, launch);
  if (gate.kind === 'schema') return schemas.run(gate.schema, input.output);
  // The rest is said by people, other agents or by comparing outputs, or there is nothing to say.
  return undefined;
}

/** The gates that need nobody, as a run uses them. */
export interface AutomaticGates {
  /** Says what the automatic ones among the gates of a task say of an output together. */
  run(gates: readonly Gate[], input: GateInput): Promise<GateOutcome>;
  close(): Promise<void>;
}

/**
 * The real ones: programs, and schemas in threads that `close` ends.
 * @param directory where gate programs run: that of the plan's file, or what a gatekeeper's owner made for them.
 */
export function automaticGates(directory: string, launch?: LaunchGate): AutomaticGates {
  const schemas = new SchemaGates();
  return {
    run: (gates, input) => runAutomaticGates(gates, { directory, schemas, launch }, input),
    close: () => schemas.close(),
  };
}

/** Runs the gates that need nobody; all must accept. A gate that breaks rejects. */
export async function runAutomaticGates(
  gates: readonly Gate[],
  parts: GateParts,
  input: GateInput,
): Promise<GateOutcome> {
  const reasons: string[] = [];
  for (const gate of [...gates].sort((a, b) => COST[a.kind] - COST[b.kind])) {
    let outcome: GateOutcome | undefined;
    try {
      outcome = await runGate(gate, parts, input);
    } catch (thrown) {
      outcome = {
        accepted: false,
        gate: gate.kind,
        reason: clipReason(`the gate broke: ${toGatepostError(thrown).message}`),
      };
    }
    if (outcome?.accepted === false) return outcome;
    if (outcome !== undefined && outcome.reason !== '') reasons.push(outcome.reason);
  }
  return { accepted: true, gate: nameOfGates(gates), reason: clipReason(reasons.join('; ') || 'accepted') };
}

/** Reads a reviewer's answer, `{"accept": true or false, "reason": "..."}`; anything else is no review. */
export function readReview(output: Json): GateOutcome {
  const answer = typeof output === 'object' && output !== null ? (output as { accept?: Json; reason?: Json }) : {};
  if (typeof answer.accept !== 'boolean') {
    return { accepted: false, gate: 'review', reason: 'a review is JSON with "accept": true or false, and a "reason"' };
  }
  const reason = typeof answer.reason === 'string' ? answer.reason : answer.accept ? 'accepted' : 'rejected';
  return { accepted: true, gate: answer.accept ? REVIEW_ACCEPTS : REVIEW_REJECTS, reason: clipReason(reason) };
}
