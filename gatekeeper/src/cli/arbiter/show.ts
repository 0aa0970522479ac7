import { readFileSync } from 'node:fs';
import { openRun } from '@gatepost/party/run/open-run';
import type { Environment } from '@gatepost/shared/config/environment';
import { networkFromEnvironment } from '@gatepost/shared/config/network';
import { mirrorReader } from '@gatepost/shared/hedera/mirror-reader';
import { createLogger } from '@gatepost/shared/log';
import { sha256 } from '@gatepost/shared/vocabulary/digest';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { type DisputeEvidence, disputesOf } from '../../shell/arbiter/evidence.js';
import { namedRun, type RunOptions } from './run-options.js';

export interface ShowOptions {
  readonly output?: string;
  readonly json?: true;
}

/** Prints what was asked and what the ledger says of it; returns the exit code. @throws GatepostError NOT_FOUND */
export async function show(
  env: Environment,
  task: string | undefined,
  options: RunOptions & ShowOptions,
): Promise<number> {
  const named = namedRun(options);
  const log = createLogger('arbiter', { GATEPOST_LOG_LEVEL: 'warn', ...env });
  const reader = mirrorReader(networkFromEnvironment(env), named.coordinator, log);
  const disputes = disputesOf(await openRun(reader, named, log), task);
  if (disputes.length === 0)
    throw new GatepostError('NOT_FOUND', `run ${named.run} has no dispute${task === undefined ? '' : ` of ${task}`}`);
  const given = options.output === undefined ? undefined : sha256(readFileSync(options.output));
  const isOutput = ({ output }: DisputeEvidence) => (given === undefined ? undefined : given === output.sha256);
  const text = options.json
    ? JSON.stringify(disputes.map((one) => ({ ...one, isOutput: isOutput(one) })))
    : disputes.map((one) => inWords(one, isOutput(one))).join('\n\n');
  process.stdout.write(`${text}\n`);
  return 0;
}

function inWords(one: DisputeEvidence, isOutput: boolean | undefined): string {
  const { attempt, output, verdict, dispute, decision } = one;
  const judged =
    verdict === null
      ? 'not judged'
      : `${verdict.accepted ? 'accepted' : 'rejected'} by ${verdict.gate}: ${verdict.reason}`;
  const lines = [
    `${attempt}: ${one.price} to ${one.agent}, ${one.type}, gates ${one.gates.join(', ')}`,
    `asked by ${dispute.by} at ${dispute.at}: ${dispute.reason}`,
    `input   SHA-256 ${one.input.sha256}, ${one.input.size} bytes`,
    `output  SHA-256 ${output.sha256}, ${output.size} bytes, delivered ${output.at}${output.text === undefined ? '' : `: ${output.text}`}`,
    `verdict ${judged}`,
    `payment schedule ${dispute.schedule}`,
    decision === null
      ? `decide from ${one.decideFrom} on`
      : `decided at ${decision.at}: ${decision.pay ? 'pay' : 'do not pay'}, ${decision.reason}`,
    ...(isOutput === undefined
      ? []
      : [isOutput ? 'the given file is that output' : 'the given file is not that output']),
  ];
  return lines.map(printable).join('\n');
}
