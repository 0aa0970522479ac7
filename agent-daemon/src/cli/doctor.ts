import type { Environment } from '@gatepost/shared/config/environment';
import { printable, printableJson } from '@gatepost/shared/vocabulary/printable';
import { loadConfig } from '../config/daemon-config.js';
import { connectAgent } from '../shell/access.js';
import { assertHealthy, examine, type Finding } from '../shell/doctor.js';

export interface DoctorOptions {
  readonly config: string;
  readonly json?: boolean;
}

const line = ({ level, check, detail }: Finding): string => printable(`${level.padEnd(4)}  ${check}: ${detail}`);

/** Prints what a daemon with this configuration would find; exit code 2 when it could not work. */
export async function doctor(env: Environment, options: DoctorOptions): Promise<number> {
  const config = loadConfig(options.config);
  const connection = connectAgent(env, config.account);
  try {
    const findings = await examine(connection, config);
    process.stdout.write(
      options.json ? `${printableJson(JSON.stringify({ findings }))}\n` : `${findings.map(line).join('\n')}\n`,
    );
    assertHealthy(findings);
    return 0;
  } finally {
    connection.close();
  }
}
