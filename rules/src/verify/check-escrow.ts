import type { AccountId } from '@gatepost/shared/vocabulary/ids';
import type { Evidence, KeyListEvidence } from './evidence.js';
import type { RunHistory } from './history.js';
import type { Findings } from './rules.js';

/** Whether the network itself keeps each of the parties of a run from paying, minting or taking alone. */
export function checkEscrow(run: RunHistory, evidence: Evidence, findings: Findings): void {
  const { gatekeeper, escrow, arbiter, token } = run;
  if (gatekeeper === undefined && escrow === undefined && arbiter === undefined) return;
  const problem = keyProblem(run, evidence);
  if (problem !== undefined) findings.add('escrow-key', run.run, escrow ?? run.run, problem);
  const holders = new Map(partiesOf(run).map(({ party }) => [evidence.accountKeys.get(party), party]));
  for (const [allows, key] of evidence.tokenKeys?.get(token) ?? []) {
    const holder = holders.get(key);
    if (holder !== undefined) findings.add('escrow-token', run.run, token, `${holder} alone holds its ${allows} key`);
  }
}

/** Whoever's key the escrow's must hold, and no other. */
function partiesOf({
  coordinator,
  gatekeeper,
  arbiter,
}: RunHistory): { readonly who: string; readonly party: AccountId }[] {
  const named = { coordinator, gatekeeper, arbiter };
  return Object.entries(named).flatMap(([who, party]) => (party === undefined ? [] : [{ who, party }]));
}

function keyProblem(run: RunHistory, evidence: Evidence): string | undefined {
  if (run.gatekeeper === undefined) return 'the run has an escrow or an arbiter and no gatekeeper';
  if (run.escrow === undefined) return 'the run has a gatekeeper and no escrow';
  const list = evidence.escrowKeys?.get(run.escrow);
  const seen = new Map<string, string>();
  for (const { who, party } of partiesOf(run)) {
    const key = evidence.accountKeys.get(party);
    if (key === undefined) return `the ${who} has no single key`;
    const other = seen.get(key);
    if (other !== undefined) return `${other} and ${who} have the same key`;
    if (list?.keys.includes(key) === false) return `its key does not hold the ${who}'s`;
    seen.set(key, who);
  }
  return list === undefined ? 'its key is no list of keys' : listProblem(list, seen.size);
}

/** Two of two, or two of three. */
function listProblem({ keys, threshold }: KeyListEvidence, parties: number): string | undefined {
  if (keys.length > parties) return `it has ${keys.length} keys, and ${parties} of them are those of the run's parties`;
  return threshold === 2 ? undefined : `${threshold} of its ${keys.length} keys must sign, instead of 2`;
}
