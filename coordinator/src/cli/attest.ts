import { writeFileSync } from 'node:fs';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { type AddCommand, connectCoordinator } from './command.js';
import { attemptNumber, type RunViewOptions, taskOf, viewOf, withRunOptions } from './view.js';

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
COORDINATOR_ACCOUNT_ID and COORDINATOR_PRIVATE_KEY. docs/verify.md says how to verify one.

Examples:
  coordinator attest report > report.intoto.json
  coordinator attest report --attempt 1 --out report.intoto.json
`,
    )
    .action(async (task: string, options: AttestOptions) => exit(await attest(task, options)));
};

async function attest(id: string, { attempt: number, out, ...options }: AttestOptions): Promise<number> {
  const connection = await connectCoordinator(readEnvironment());
  try {
    const { read } = await viewOf(options);
    const state = await read();
    const { telling } = await import('@gatepost/party/outputs/kept-output');
    const { IN_TOTO_TYPE, summaryOf } = await import('@gatepost/rules/attestation/statement');
    const { judgeOf } = await import('@gatepost/rules/run/judge');
    const { sealed } = await import('@gatepost/shared/vocabulary/dsse');
    const judge = judgeOf(state.context);
    if (judge !== connection.account) {
      throw new GatepostError(
        'USAGE',
        `the verdicts of this run are ${judge}'s, whose key must sign; this is ${connection.account}`,
      );
    }
    if (connection.key.publicKey.type !== 'ED25519') {
      throw new GatepostError(
        'USAGE',
        `the key of ${connection.account} is ECDSA on secp256k1, which the verifiers of attestations do not take; it needs an Ed25519 key`,
      );
    }
    const summary = summaryOf(state.context, connection.network.name, telling(taskOf(state, id), number));
    const envelope = sealed(IN_TOTO_TYPE, summary, connection.account, (message) => connection.key.sign(message));
    const text = `${JSON.stringify(envelope)}\n`;
    if (out === undefined) process.stdout.write(text);
    else writeOut(out, text);
    return 0;
  } finally {
    connection.close();
  }
}

function writeOut(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new GatepostError('USAGE', `cannot write ${file}: ${(error as Error).message}`, { file }, error);
  }
}
