import type { Evidence, KeyListEvidence } from './evidence.js';
import type { RunHistory } from './history.js';
import type { Findings } from './rules.js';

/** Whether the network itself keeps coordinator and gatekeeper of a run from paying, minting or taking alone. */
export function checkEscrow(run: RunHistory, evidence: Evidence, findings: Findings): void {
  const { coordinator, gatekeeper, escrow, token } = run;
  if (gatekeeper === undefined && escrow === undefined) return;
  const problem = keyProblem(run, evidence);
  if (problem !== undefined) findings.add('escrow-key', run.run, escrow ?? run.run, problem);
  const holders = new Map([coordinator, gatekeeper].map((party) => [party && evidence.accountKeys.get(party), party]));
  for (const [allows, key] of evidence.tokenKeys?.get(token) ?? []) {
    const holder = holders.get(key);
    if (holder !== undefined) findings.add('escrow-token', run.run, token, `${holder} alone holds its ${allows} key`);
  }
}

function keyProblem({ coordinator, gatekeeper, escrow }: RunHistory, evidence: Evidence): string | undefined {
  if (gatekeeper === undefined) return 'the run has an escrow and no gatekeeper';
  if (escrow === undefined) return 'the run has a gatekeeper and no escrow';
  const [own, other] = [coordinator, gatekeeper].map((party) => evidence.accountKeys.get(party));
  if (own === undefined || other === undefined) return 'coordinator or gatekeeper has no single key';
  if (own === other) return 'coordinator and gatekeeper have the same key';
  return listProblem(evidence.escrowKeys?.get(escrow), own, other);
}

function listProblem(list: KeyListEvidence | undefined, own: string, other: string): string | undefined {
  if (list === undefined) return 'its key is no list of keys';
  const { keys, threshold } = list;
  if (!keys.includes(own)) return "its key does not hold the coordinator's";
  if (!keys.includes(other)) return "its key does not hold the gatekeeper's";
  if (threshold < keys.length)
    return `${threshold} of ${keys.length} keys are enough, so that it may pay without the gatekeeper`;
  return undefined;
}
