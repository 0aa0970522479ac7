import { readEnvironment } from '@gatepost/shared/config/environment';
import { type AddCommand, connectCoordinator } from './command.js';
import { attemptNumber, type RunViewOptions, viewOf, withRunOptions } from './view.js';

interface AttestOptions extends RunViewOptions {
  readonly attempt?: number;
  readonly out?: string;
}

/** Adds `attest` to the command line. */
export const addAttest: AddCommand = (program, exit) => {
  withRunOptions(program.command('attest'))
    .description(
      "sign a statement of what was judged: an output's digest, its plan, its gate, its place on the journal",
    )
    .argument('<task>', 'task id')
    .option(
      '--attempt <n>',
      'of this attempt; the accepted one when left out, else the last with a result',
      attemptNumber,
    )
    .option('--out <file>', 'write it there; to standard output when left out')
    .addHelpText(
      'after',
      `
Writes an in-toto statement (a SLSA verification summary) in a DSSE envelope, signed with the coordinator's account key,
which must be Ed25519: anybody verifies it with that key, as the mirror shows it, and the usual programs. Takes
COORDINATOR_ACCOUNT_ID and COORDINATOR_PRIVATE_KEY. What a gatekeeper judged, it attests itself: gatekeeper attest.
docs/verify.md says how to verify one.

Examples:
  coordinator attest report > report.intoto.json
  coordinator attest report --attempt 1 --out report.intoto.json
`,
    )
    .action(async (task: string, options: AttestOptions) => exit(await attest(task, options)));
};

async function attest(task: string, { attempt, out, ...options }: AttestOptions): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { read } = await viewOf(options);
    const state = await read();
    const { attested, tellEnvelope } = await import('@gatepost/party/attestation/attest');
    tellEnvelope(attested(state, connection, task, attempt), out);
    return 0;
  } finally {
    connection.close();
  }
}
