import { loadPlan } from '@gatepost/party/plan/plan-file';
import { waitingClock } from '@gatepost/shared/clock';
import { type Environment, readEnvironment, requireVariables } from '@gatepost/shared/config/environment';
import { type NetworkConfig, networkFromEnvironment } from '@gatepost/shared/config/network';
import { createLogger } from '@gatepost/shared/log';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { printable } from '@gatepost/shared/vocabulary/printable';
import type { Reporter } from '../shell/reports/reporter.js';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';
import { interruption } from './interruption.js';
import { reporterFor } from './report/choose.js';

export interface RunOptions {
  readonly config: string;
  readonly outputDir: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
  readonly new?: boolean;
  readonly takeOver?: boolean;
  readonly server?: string;
  readonly serverCa?: string;
}

export const addRun: AddCommand = (program, exit) => {
  program
    .command('run')
    .description('hand a plan to the agents, judge their results, pay what is accepted')
    .argument('<plan>', 'plan file, YAML or JSON')
    .option(...CONFIG_OPTION)
    .option('--output-dir <dir>', 'where accepted outputs with save_as are written', 'output')
    .option('--new', 'open another run even if there is one of this plan')
    .option('--take-over', 'fence another coordinator that may still act on this journal')
    .option(
      '--server <host:port>',
      'submit it to the coordinator that serves gRPC there, and follow it; COORDINATOR_SERVER',
    )
    .option('--server-ca <file>', 'certificate that the server has, or that signed its own')
    .option('--json', 'print events as JSON lines, a summary last')
    .option('--insecure-loopback', 'accept agents without TLS on a loopback address')
    .addHelpText(
      'after',
      `
A run that was interrupted is resumed by the same command, on any host; the topics are its only state.
Exit code: 0 all tasks complete and paid, 1 something failed, 2 bad input, 130 interrupted.

Examples:
  coordinator run examples/dependency-audit.yaml --config coordinator.yaml
  coordinator run plan.yaml --json --output-dir results
  coordinator run plan.yaml --new
  coordinator run plan.yaml --server 127.0.0.1:8481

With --server it needs COORDINATOR_TOKEN and no account: docs/serve.md.
${ENVIRONMENT_HELP}`,
    )
    .action(async (plan: string, options: RunOptions) => exit(await run(plan, options)));
};

async function run(planFile: string, options: RunOptions): Promise<number> {
  const reporterOn = (network: NetworkConfig) => reporterFor(process.stdout, options.json === true, linkedOn(network));
  const env = readEnvironment();
  const server = options.server ?? env.COORDINATOR_SERVER;
  if (server === undefined) await runWith(env, planFile, options, reporterOn, interruption());
  else await submitTo(server, env, planFile, options, reporterOn(networkFromEnvironment(env)));
  return 0;
}

/** Has a serving coordinator work on the plan, and follows it. @throws GatepostError as `runRemotely` does */
async function submitTo(
  server: string,
  env: Environment,
  planFile: string,
  options: RunOptions,
  reporter: Reporter,
): Promise<void> {
  const plan = loadPlan(planFile);
  const { COORDINATOR_TOKEN: token } = requireVariables(env, ['COORDINATOR_TOKEN']);
  const { runRemotely } = await import('../shell/remote/remote-run.js');
  const warn = (line: string): void => void process.stderr.write(`${printable(line)}\n`);
  const wantNew = options.new === true;
  const run = { plan, wantNew, reporter, warn, clock: waitingClock };
  await runRemotely({ server, token, ca: options.serverCa }, run, interruption());
}

/**
 * Everything that `run` does, with the environment and whoever watches it given.
 * @throws GatepostError unless every task is complete, paid, and saved where it should be.
 */
export async function runWith(
  env: Environment,
  planFile: string,
  options: RunOptions,
  reporterOn: (network: NetworkConfig) => Reporter,
  interrupted: AbortSignal,
): Promise<void> {
  const plan = loadPlan(planFile);
  const { requireOwnConfig } = await import('../shell/setup/config-file.js');
  const connection = await connectCoordinator(env);
  try {
    const config = requireOwnConfig(options.config, connection.account);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { requireSuccess, runPlan } = await import('../shell/run/run-plan.js');
    const reporter = reporterOn(connection.network);
    const end = await runPlan(
      connection,
      {
        plan,
        planFile,
        config,
        outputDir: options.outputDir,
        insecureLoopback: options.insecureLoopback === true,
        wantNew: options.new === true,
        takeOver: options.takeOver === true,
      },
      reporter,
      interrupted,
      createLogger('coordinator', { GATEPOST_LOG_LEVEL: 'warn', ...env }),
    );
    reporter.end(end.summary);
    requireSuccess(end);
  } finally {
    connection.close();
  }
}
