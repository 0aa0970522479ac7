import { dirname, resolve } from 'node:path';
import { type AutomaticGates, automaticGates, UNCONFINED } from '@gatepost/party/gates/automatic-gates';
import { confinedGates, type GateConfinement } from '@gatepost/party/gates/confined-gates';
import type { Plan } from '@gatepost/rules/plan/plan';
import { ENV_FILE } from '@gatepost/shared/config/environment';
import { probeConfinement } from '@gatepost/shared/confinement/confinement';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import type { CoordinatorConfig } from '../setup/config-file.js';

const NOTHING_MORE: GateConfinement = { confine: 'auto', read: [], network: false };

const runsTrees = ({ tasks }: Plan): boolean =>
  tasks.some(({ gates }) => gates.some((gate) => gate.kind === 'command' && gate.tree !== undefined));

/**
 * The gates of a plan, run in its directory. Those that run what an agent wrote are confined, and have whatever repository
 * the plan names.
 * @throws GatepostError INVALID_CONFIG when this host cannot confine those that have to be.
 */
export function gatesOf(
  plan: Plan,
  planFile: string,
  { gates = NOTHING_MORE, stateDir }: CoordinatorConfig,
): AutomaticGates {
  const directory = dirname(resolve(planFile));
  if (!runsTrees(plan)) return automaticGates(directory);
  const confinement = probeConfinement();
  if (gates.confine !== 'none' && confinement.mechanism !== 'bubblewrap') {
    throw new GatepostError('INVALID_CONFIG', `${UNCONFINED} (${confinement.lacking})`);
  }
  const launch = confinedGates(gates, confinement, { directories: [stateDir], files: [resolve(ENV_FILE)] });
  return automaticGates(directory, { trees: { launch, allowed: { allFrom: directory } } });
}
