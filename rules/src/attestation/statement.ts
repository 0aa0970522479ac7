import { canonicalJson, type Json } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import { formatNanos, formatTime, msFromNanos } from '@gatepost/shared/vocabulary/time';
import type { Attempt } from '../run/attempt.js';
import { judgeOf } from '../run/judge.js';
import type { RunContext } from '../run/run-state.js';

export const IN_TOTO_TYPE = 'application/vnd.in-toto+json';
const STATEMENT = 'https://in-toto.io/Statement/v1';
const SUMMARY = 'https://slsa.dev/verification_summary/v1';

/** An account as others name it (CAIP-10 with Hedera's namespace, CAIP-75). */
const accountUri = (network: string, account: AccountId): string => `hedera:${network}:${account}`;

/**
 * The in-toto statement (v1) of what was judged: a SLSA verification summary (v1) whose subject is the output's digest, whose
 * policy is the plan's, and which names where on the journal the verdict stands.
 * @returns canonical JSON, so that the same verdict makes the same bytes.
 * @throws GatepostError NOT_FOUND when there is no output or no verdict to tell of.
 */
export function summaryOf(context: RunContext, network: string, attempt: Attempt): Uint8Array {
  const { task, number, agent, result, verdict } = attempt;
  const { run, journal, plan } = context;
  if (result?.outputSha256 === undefined) {
    throw new GatepostError('NOT_FOUND', `attempt ${number} of ${task} has no output`);
  }
  if (verdict === undefined) {
    throw new GatepostError(
      'NOT_FOUND',
      `attempt ${number} of ${task} was not judged yet; coordinator explain ${task}`,
    );
  }
  const statement: Json = {
    _type: STATEMENT,
    subject: [{ name: `${run}/${task}#${number}`, digest: { sha256: result.outputSha256 } }],
    predicateType: SUMMARY,
    predicate: {
      verifier: { id: accountUri(network, judgeOf(context)) },
      timeVerified: formatTime(msFromNanos(verdict.at)),
      resourceUri: `hedera:${network}:${journal}/${run}/${task}/${number}`,
      policy: { uri: `urn:sha256:${plan.digest}`, digest: { sha256: plan.digest } },
      verificationResult: verdict.accepted ? 'PASSED' : 'FAILED',
      verifiedLevels: [],
      gatepost: {
        agent: accountUri(network, agent),
        gate: verdict.gate,
        journal,
        verdict_at: formatNanos(verdict.at),
      },
    },
  };
  return Buffer.from(canonicalJson(statement), 'utf8');
}
