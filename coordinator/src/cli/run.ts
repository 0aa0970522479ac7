import { loadPlan } from '@gatepost/party/plan/plan-file';
import { type Environment, readEnvironment } from '@gatepost/shared/config/environment';
import type { NetworkConfig } from '@gatepost/shared/config/network';
import { createLogger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import type { Reporter } from '../shell/reports/reporter.js';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';
import { reporterFor } from './report/choose.js';

export interface RunOptions {
  readonly config: string;
  readonly outputDir: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
  readonly new?: boolean;
  readonly takeOver?: boolean;
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
${ENVIRONMENT_HELP}`,
    )
    .action(async (plan: string, options: RunOptions) => exit(await run(plan, options)));
};

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(new GatepostError('INTERRUPTED', '').exitCode);
      controller.abort();
    });
  }
  return controller.signal;
}

async function run(planFile: string, options: RunOptions): Promise<number> {
  const reporterOn = (network: NetworkConfig) => reporterFor(process.stdout, options.json === true, linkedOn(network));
  await runWith(readEnvironment(), planFile, options, reporterOn, interruption());
  return 0;
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
