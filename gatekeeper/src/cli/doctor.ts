import type { Environment } from '@gatepost/shared/config/environment';
import { diagnose } from '@gatepost/shared/doctor/diagnose';
import { tellFindings } from '@gatepost/shared/doctor/finding';
import { loadConfig } from '../config/gatekeeper-config.js';
import { connectGatekeeper } from '../shell/access.js';
import { examine } from '../shell/doctor/examine.js';

export interface DoctorOptions {
  readonly config: string;
  readonly json?: boolean;
}

/**
 * Prints what a gatekeeper with this configuration would find; returns the exit code.
 * @throws GatepostError NOT_READY when it could not work.
 */
export async function doctor(env: Environment, options: DoctorOptions): Promise<number> {
  const read = async () => {
    const config = loadConfig(options.config);
    return { config, connection: connectGatekeeper(env, config.account) };
  };
  tellFindings(await diagnose(options.config, read, examine), options.json === true);
  return 0;
}
