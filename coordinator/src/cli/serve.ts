import { type Environment, readEnvironment } from '@gatepost/shared/config/environment';
import { createLogger } from '@gatepost/shared/log';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AddCommand, CONFIG_OPTION, connectCoordinator, ENVIRONMENT_HELP } from './command.js';
import { interruption } from './interruption.js';

interface ServeOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly insecureLoopback?: boolean;
  readonly takeOver?: boolean;
}

/** Adds `serve` to the command line. */
export const addServe: AddCommand = (program, exit) => {
  program
    .command('serve')
    .description('take plans from others, by HTTP, gRPC and a page in the browser, and work on them')
    .option(...CONFIG_OPTION)
    .option('--take-over', 'fence another coordinator that may still act on this journal')
    .option('--json', 'print where it serves as a JSON line')
    .option('--insecure-loopback', 'accept agents without TLS on a loopback address')
    .addHelpText(
      'after',
      `
Who may ask for what is in a file of tokens, which "coordinator token new" writes; docs/serve.md has the settings, the API
and its limits. What was taken is on the disk before it is acknowledged: a restart goes on with all of it. SIGTERM lets what is
under way come to its end; SIGHUP reads the certificate again.

Examples:
  coordinator token new --name alice --role admin
  coordinator serve
  coordinator serve --config coordinator.yaml --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: ServeOptions) => exit(await serve(readEnvironment(), options)));
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Serves until it is told to stop; returns the exit code. @throws GatepostError RUN_FAILED when another process took over. */
async function serve(env: Environment, options: ServeOptions): Promise<number> {
  const { requireOwnConfig } = await import('../shell/setup/config-file.js');
  const connection = await connectCoordinator(env);
  try {
    const config = requireOwnConfig(options.config, connection.account);
    const { assertReachable } = await import('@gatepost/shared/hedera/reachability');
    await assertReachable(connection);
    const { openService } = await import('../shell/service/open-service.js');
    const log = createLogger('coordinator', env);
    const insecureLoopback = options.insecureLoopback === true;
    const interrupted = interruption();
    const service = await openService(
      connection,
      { config, insecureLoopback, takeOver: options.takeOver === true },
      log,
    );
    const scheme = config.serve.tls === undefined ? 'http' : 'https';
    const http = `${scheme}://${config.serve.http.replace(/:\d+$/, '')}:${service.httpPort}`;
    const grpc = `${config.serve.grpc.replace(/:\d+$/, '')}:${service.grpcPort}`;
    const ready = { event: 'ready', http, grpc, journal: config.journal };
    process.stdout.write(`${options.json === true ? JSON.stringify(ready) : `serving at ${http}, gRPC at ${grpc}`}\n`);
    process.on('SIGHUP', () => service.reload());
    const end = await Promise.race([aborted(interrupted), service.over]);
    await service.close();
    if (end === undefined || end.why === 'closed') return 0;
    throw (
      end.failure ?? new GatepostError('RUN_FAILED', 'another coordinator took this journal over; this one stopped')
    );
  } finally {
    connection.close();
  }
}
