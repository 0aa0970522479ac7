import { readEnvironment } from '@gatepost/shared/config/environment';
import { tellFindings } from '@gatepost/shared/doctor/finding';
import { createLogger } from '@gatepost/shared/log';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';

interface DoctorOptions {
  readonly config: string;
  readonly json?: true;
}

/** Adds `doctor` to the command line. */
export const addDoctor: AddCommand = (program, exit) => {
  program
    .command('doctor')
    .description('check keys, balances, topics, token, agents, network and this host, and say what to do')
    .option(...CONFIG_OPTION)
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Sends nothing to the network and changes nothing, but for the artifact of no bytes in the artifact store that the
configuration names. docs/doctor.md lists everything that it can find.
Exit code: 0 when there is no error (there may be warnings), 1 when there is one.

Examples:
  coordinator doctor --config coordinator.yaml
  coordinator doctor --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: DoctorOptions) => exit(await doctor(options)));
};

/** @throws GatepostError NOT_READY when there are errors. */
async function doctor({ config: file, json }: DoctorOptions): Promise<number> {
  const { diagnose } = await import('@gatepost/shared/doctor/diagnose');
  const { requireOwnConfig } = await import('../shell/setup/config-file.js');
  const { examine } = await import('../shell/doctor/examine.js');
  const read = async () => {
    const connection = await connectCoordinator(readEnvironment());
    return { connection, config: requireOwnConfig(file, connection.account) };
  };
  const log = createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'error' });
  const findings = await diagnose(file, read, (connection, config) => examine(connection, config, log));
  tellFindings(findings, json === true);
  return 0;
}
