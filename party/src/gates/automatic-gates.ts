import type { Gate } from '@gatepost/rules/plan/plan';
import type { GateOutcome } from '@gatepost/rules/run/gate-outcome';
import { nameOfGates, REVIEW_ACCEPTS, REVIEW_REJECTS } from '@gatepost/rules/run/verdict-gates';
import type { AllowedRepositories } from '@gatepost/shared/git/allowed-repositories';
import { clipReason } from '@gatepost/shared/records/codec';
import type { Json } from '@gatepost/shared/vocabulary/digest';
import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type GateInput, type LaunchGate, runCommandGate } from './command-gate.js';
import { type LaidTree, layTree } from './patched-tree.js';
import { SchemaGates } from './schema-gate.js';

/** What automatic gates run with. */
export interface GateParts {
  /** Where gate programs run. */
  readonly directory: string;
  readonly schemas: SchemaGates;
  /** How they are started; as they are when left out. */
  readonly launch?: LaunchGate | undefined;
  /** How those are started that run what an agent wrote; none is when left out. */
  readonly trees?: TreeGates | undefined;
}

/** Gates that run in a repository to which an output is applied. */
export interface TreeGates {
  readonly launch: LaunchGate;
  readonly allowed: AllowedRepositories;
}

type CommandGate = Extract<Gate, { readonly kind: 'command' }>;

/** Cheap gates first; the order does not change what all of them together say. */
const COST = { none: 0, schema: 1, command: 2, quorum: 3, human: 4, agent: 5 } as const;

async function runCommand(
  { argv, timeoutMs, tree }: CommandGate,
  { directory, launch, trees }: GateParts,
  input: GateInput,
  planned: Json,
): Promise<GateOutcome> {
  if (tree === undefined) return runCommandGate(argv, timeoutMs, directory, input, launch);
  const reject = (reason: string): GateOutcome => ({ accepted: false, gate: 'command', reason: clipReason(reason) });
  if (trees === undefined) return reject(UNCONFINED);
  let laid: LaidTree;
  try {
    laid = await layTree(tree, planned, input.output, trees.allowed);
  } catch (thrown) {
    return reject((thrown as Error).message);
  }
  try {
    return await runCommandGate(argv, timeoutMs, directory, input, trees.launch, laid);
  } finally {
    await laid.remove();
  }
}

async function runGate(
  gate: Gate,
  parts: GateParts,
  input: GateInput,
  planned: Json,
): Promise<GateOutcome | undefined> {
  if (gate.kind === 'command') return runCommand(gate, parts, input, planned);
  if (gate.kind === 'schema') return parts.schemas.run(gate.schema, input.output);
  // The rest is said by people, other agents or by comparing outputs, or there is nothing to say.
  return undefined;
}

/** Why a gate that runs what an agent wrote is not run. */
export const UNCONFINED =
  'a gate with a tree runs what an agent wrote, and this host cannot confine it: install bubblewrap, or set gates.confine: none';

/** The gates that need nobody, as a run uses them. */
export interface AutomaticGates {
  /**
   * Says what the automatic ones among the gates of a task say of an output together.
   * @param planned the task's input as the plan has it.
   */
  run(gates: readonly Gate[], input: GateInput, planned: Json): Promise<GateOutcome>;
  close(): Promise<void>;
}

/**
 * The real ones: programs, and schemas in threads that `close` ends.
 * @param directory where gate programs run: that of the plan's file, or what a gatekeeper's owner made for them.
 */
export function automaticGates(directory: string, how: Pick<GateParts, 'launch' | 'trees'> = {}): AutomaticGates {
  const schemas = new SchemaGates();
  return {
    run: (gates, input, planned) => runAutomaticGates(gates, { directory, schemas, ...how }, input, planned),
    close: () => schemas.close(),
  };
}

/** Runs the gates that need nobody; all must accept. A gate that breaks rejects. */
export async function runAutomaticGates(
  gates: readonly Gate[],
  parts: GateParts,
  input: GateInput,
  planned: Json = null,
): Promise<GateOutcome> {
  const reasons: string[] = [];
  for (const gate of [...gates].sort((a, b) => COST[a.kind] - COST[b.kind])) {
    let outcome: GateOutcome | undefined;
    try {
      outcome = await runGate(gate, parts, input, planned);
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
