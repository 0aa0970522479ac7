import { once } from 'node:events';
import type { Attempt } from '@gatepost/rules/run/attempt';
import type { RunState } from '@gatepost/rules/run/run-state';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { GatepostError, toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AddCommand, connectCoordinator, READING_HELP } from './command.js';
import { attemptNumber, type RunViewOptions, taskOf, viewOf, withRunOptions } from './view.js';

interface OutputOptions extends RunViewOptions {
  readonly attempt?: number;
  readonly insecureLoopback?: boolean;
}

/** Adds `output` to the command line. */
export const addOutput: AddCommand = (program, exit) => {
  withRunOptions(program.command('output'))
    .description('print the output of a task, checked against the digest on the ledger')
    .argument('<task>', 'task id')
    .option(
      '--attempt <n>',
      'of this attempt; the accepted one when left out, else the last with a result',
      attemptNumber,
    )
    .option('--insecure-loopback', 'fetch from an agent without TLS on a loopback address')
    .addHelpText(
      'after',
      `
Prints the bytes as they are. A short output is on the ledger; a longer one is where the coordinator ran, if gates or
other tasks needed it, and an accepted one in the artifact store that the configuration names. Else it is fetched from
the agent that made it, which takes the coordinator's account and key (COORDINATOR_ACCOUNT_ID, COORDINATOR_PRIVATE_KEY),
and that no coordinator is at work.

Examples:
  coordinator output report > report.md
  coordinator output report --attempt 1
${READING_HELP}`,
    )
    .action(async (task: string, options: OutputOptions) => exit(await output(task, options)));
};

async function output(id: string, { attempt: number, ...options }: OutputOptions): Promise<number> {
  const { read, config } = await viewOf(options);
  const state = await read();
  const task = taskOf(state, id);
  const { keptOutput, telling } = await import('@gatepost/party/outputs/kept-output');
  const { OutputStore } = await import('../shell/outputs/output-store.js');
  const { storedOutput } = await import('../shell/outputs/stored-output.js');
  const attempt = telling(task, number);
  const kept = keptOutput(attempt, new OutputStore(config.stateDir, state.context.run, 'reader'));
  const stored = kept === undefined ? await storedOutput(config.artifacts, attempt) : { bytes: kept };
  const bytes = stored.bytes ?? (await fetched(state, attempt, options.insecureLoopback === true, stored.why));
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  return 0;
}

/** An output that is not on this host, from its agent. @throws GatepostError NOT_FOUND that says what to do, and as `fetchOnce` does. */
async function fetched(
  state: RunState,
  attempt: Attempt,
  insecureLoopback: boolean,
  notStored: string | undefined,
): Promise<Buffer> {
  const { outputSha256 = '', outputSize = 0 } = attempt.result ?? {};
  const also = notStored === undefined ? '' : `; ${notStored}`;
  const missing = (why: string) =>
    new GatepostError(
      'NOT_FOUND',
      `the output of ${attempt.task}, attempt ${attempt.number}, is not on this host: ${outputSize} bytes with SHA-256 ` +
        `${outputSha256}; ${attempt.agent} made it${also}. ${why}`,
    );
  const env = readEnvironment();
  if (env.COORDINATOR_ACCOUNT_ID === undefined || env.COORDINATOR_PRIVATE_KEY === undefined) {
    throw missing("With the coordinator's COORDINATOR_ACCOUNT_ID and COORDINATOR_PRIVATE_KEY it is fetched from there");
  }
  const { mayAct } = await import('../shell/ledger/identity.js');
  if (state.epoch !== undefined && mayAct(state.epoch)) {
    throw missing('A coordinator is at work, and has the session with that agent: ask again when it has ended');
  }
  const connection = await connectCoordinator(env);
  try {
    const { fetchOnce } = await import('../shell/outputs/fetch-once.js');
    return await fetchOnce(connection, state, attempt.agent, outputSha256, outputSize, insecureLoopback);
  } catch (thrown) {
    const { code, message } = toGatepostError(thrown);
    throw new GatepostError(code, `${message}${also}`, {}, thrown);
  } finally {
    connection.close();
  }
}
