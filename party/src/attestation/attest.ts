import { writeFileSync } from 'node:fs';
import { IN_TOTO_TYPE, summaryOf } from '@gatepost/rules/attestation/statement';
import { judgeOf } from '@gatepost/rules/run/judge';
import type { RunState } from '@gatepost/rules/run/run-state';
import type { Connection } from '@gatepost/shared/hedera/connection';
import { type DsseEnvelope, sealed } from '@gatepost/shared/vocabulary/dsse';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { telling } from '../outputs/kept-output.js';

/**
 * Signs a statement of what was judged, with the key of whoever judged it.
 * @param number which attempt; the accepted one when undefined, else the last with a result.
 * @throws GatepostError USAGE when this account is not the judge, or its key is one that no verifier takes; NOT_FOUND
 */
export function attested(
  state: RunState,
  { account, key, network }: Pick<Connection, 'account' | 'key' | 'network'>,
  id: string,
  number: number | undefined,
): DsseEnvelope {
  const { context, tasks } = state;
  const judge = judgeOf(context);
  if (judge !== account) {
    throw new GatepostError(
      'USAGE',
      `the verdicts of this run are ${judge}'s, whose key must sign; this is ${account}`,
    );
  }
  if (key.publicKey.type !== 'ED25519') {
    throw new GatepostError(
      'USAGE',
      `the key of ${account} is ECDSA on secp256k1, which the verifiers of attestations do not take; it needs an Ed25519 key`,
    );
  }
  const task = tasks.get(id);
  if (task === undefined) throw new GatepostError('NOT_FOUND', `run ${context.run} has no task ${id}`);
  const summary = summaryOf(context, network.name, telling(task, number));
  return sealed(IN_TOTO_TYPE, summary, account, (message) => key.sign(message));
}

/** Writes an envelope as one line, to standard output without a file. @throws GatepostError USAGE */
export function tellEnvelope(envelope: DsseEnvelope, file: string | undefined): void {
  const text = `${JSON.stringify(envelope)}\n`;
  if (file === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new GatepostError('USAGE', `cannot write ${file}: ${(error as Error).message}`, { file }, error);
  }
}
