import { resolve } from 'node:path';
import { type AutomaticGates, automaticGates } from '@gatepost/party/gates/automatic-gates';
import { confinedGates } from '@gatepost/party/gates/confined-gates';
import { ENV_FILE } from '@gatepost/shared/config/environment';
import type { Confinement } from '@gatepost/shared/confinement/confinement';
import type { GatekeeperConfig } from '../../config/gatekeeper-config.js';

/** The gates as this gatekeeper's owner lets them run; what an agent wrote only runs where it is confined. */
export function gatesOf({ gates, tls }: GatekeeperConfig, confinement: Confinement): AutomaticGates {
  const launch = confinedGates(gates, confinement, { directories: [], files: [tls.key, resolve(ENV_FILE)] });
  const mayRunTrees = gates.confine === 'none' || confinement.mechanism === 'bubblewrap';
  const trees = mayRunTrees ? { launch, allowed: gates.repositories } : undefined;
  return automaticGates(gates.directory, { launch, trees });
}
