import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { Json, Sha256 } from '@gatepost/shared/vocabulary/digest';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** A repository of a task's input to which the task's output, a patch, is applied. */
export interface PatchedTree {
  /** The member of the input. */
  readonly of: string;
  /** Globs of the files that the patch may change; all when left out. */
  readonly only?: readonly string[];
}

/** What decides whether a result is accepted. Several gates on one task are all required. */
export type Gate =
  /** The task may be paid for any result; only when the plan says so in as many words. */
  | { readonly kind: 'none' }
  /** A program: exit code 0 accepts, anything else rejects; its standard output is the reason. */
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      readonly timeoutMs: number;
      /** Where it runs, when not beside the plan: in a repository of the input with the output applied to it. */
      readonly tree?: PatchedTree;
    }
  /** A JSON Schema (2020-12) the output must satisfy. */
  | { readonly kind: 'schema'; readonly schema: Json }
  /** A review task of its own type and price, executed by an agent that did not do the work. */
  | { readonly kind: 'agent'; readonly type: string; readonly price: TokenAmount; readonly deadlineMs: number }
  /** `coordinator approve` or `coordinator reject`. */
  | { readonly kind: 'human' }
  /** The task runs on `of` agents; `agree` equal output digests accept it. */
  | { readonly kind: 'quorum'; readonly of: number; readonly agree: number };

/** One task, defaults applied, units converted. */
export interface PlanTask {
  readonly id: string;
  /** Id of the sequence it belongs to. */
  readonly sequence: string;
  /** Capability that an agent must offer. */
  readonly type: string;
  /** Only this agent may do it. */
  readonly agent: AccountId | undefined;
  /** Tasks whose results must be accepted first, named by `depends_on` or by a reference in the input. */
  readonly dependsOn: readonly string[];
  /** Input as the plan gives it; `{"$output": "<task>"}` and `{"$output": "<task>", "pointer": "/a/b"}` stand for outputs. */
  readonly input: Json;
  /** What an accepted result is paid, in the token's smallest unit; 0 for an unpaid task, which is never settled. */
  readonly price: TokenAmount;
  /** Time from assignment to result. */
  readonly deadlineMs: number;
  /** How often it may be tried. */
  readonly attempts: number;
  /** Which agent a retry may go to: any, the one that tried last, or any other than that. */
  readonly retry: 'any' | 'same' | 'elsewhere';
  /** Whether the ledger itself tells when an attempt's deadline has passed, even if nobody is left to. */
  readonly guard: boolean;
  /** At least one; a task without any gate carries the gate `none`. At most one each is a quorum, a review or a person. */
  readonly gates: readonly Gate[];
  /** File name under the output directory for the accepted output. */
  readonly saveAs: string | undefined;
}

/** A sequence waits for others as a whole; tasks are not linked one by one, which would be quadratic. */
export interface PlanSequence {
  readonly id: string;
  /** Sequences that must be complete before any task of this one starts. */
  readonly after: readonly string[];
}

/** A compiled plan: checked, free of cycles, every reference resolved. */
export interface Plan {
  readonly name: string;
  readonly sequences: readonly PlanSequence[];
  /** In plan order. */
  readonly tasks: readonly PlanTask[];
  /** A run never pays more than this. */
  readonly maxTotal: TokenAmount | undefined;
  /** A run never spends more on fees than this, in US dollars. */
  readonly maxFeesUsd: number | undefined;
  /** SHA-256 of the canonical JSON of all of the above: the plan's identity. */
  readonly digest: Sha256;
}
