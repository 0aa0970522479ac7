import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import { readEnvironment } from '@gatepost/shared/config/environment';
import { type Command, InvalidArgumentError } from 'commander';
import type { InitOptions } from '../shell/init.js';
import type { AttestOptions } from './attest.js';
import type { DirectOptions } from './direct.js';
import type { DisputeOptions } from './dispute.js';
import type { DoctorOptions } from './doctor.js';
import type { ServeOptions } from './serve.js';

const CONFIG = ['--config <file>', 'configuration file', 'gatekeeper.yaml'] as const;

const ENVIRONMENT_HELP = `
Environment (or .env in the working directory):
  GATEKEEPER_ACCOUNT_ID, GATEKEEPER_PRIVATE_KEY   account of the gatekeeper
  GATEPOST_NETWORK                                local, testnet, previewnet or mainnet`;

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

function addInit(program: Command, exit: Exit): void {
  program
    .command('init')
    .description('make the certificate, write the configuration; spends nothing')
    .option(...CONFIG)
    .option('--coordinator <account>', 'account of the coordinator whose work is judged')
    .option('--journal <topic>', "the coordinator's journal topic")
    .option('--agent <account>', 'an agent whose records count; may be repeated', collect, [])
    .option('--listen <host:port>', 'address of the gRPC server; port 0 takes any free one')
    .option('--gates <dir>', 'directory in which gate programs run')
    .option('--gates-read <path>', 'what gate programs may read beside it; may be repeated', collect, [])
    .option(
      '--gates-repository <place>',
      'address or directory that the repositories of gates lie at or below; may be repeated',
      collect,
      [],
    )
    .option('--new-certificate', 'replace the certificate; SIGHUP or the next start publishes it')
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Running it again changes nothing that is there already; agents that it does not name yet are added.

Examples:
  gatekeeper init --coordinator 0.0.1001 --journal 0.0.1005 --agent 0.0.1003 --agent 0.0.1004 --gates ./gates
  gatekeeper init --agent 0.0.1007
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: InitOptions) => {
      const { initCommand } = await import('./init.js');
      exit(await initCommand(readEnvironment(), options));
    });
}

function addServe(program: Command, exit: Exit): void {
  program
    .command('serve', { isDefault: true })
    .description('judge results and sign payments that are due, until SIGTERM (the default command)')
    .option(...CONFIG)
    .option('--json', 'print the ready line as JSON')
    .option('--insecure-loopback', 'serve without TLS, on a loopback address only')
    .addHelpText(
      'after',
      `
It keeps nothing on a disk: after a restart it reads the journal again and asks for the plan. SIGHUP takes up a new certificate.

Examples:
  gatekeeper serve --config /etc/gatepost/gatekeeper.yaml
  gatekeeper --config gatekeeper.yaml --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.js');
      exit(await serve(readEnvironment(), options));
    });
}

function addDoctor(program: Command, exit: Exit): void {
  program
    .command('doctor')
    .description('check the key, balance, journal, certificate, gates, network and this host, and say what to do')
    .option(...CONFIG)
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Sends nothing and changes nothing. docs/doctor.md lists everything that it can find.
Exit code: 0 when there is no error (there may be warnings), 1 when there is one.

Examples:
  gatekeeper doctor --config gatekeeper.yaml
  gatekeeper doctor --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.js');
      exit(await doctor(readEnvironment(), options));
    });
}

function addDirective(program: Command, exit: Exit, action: 'approve' | 'reject'): void {
  const command = program
    .command(action)
    .description(`${action} the result of a task with a human gate, as the gatekeeper's owner`)
    .argument('<task>', 'task id')
    .option(...CONFIG)
    .requiredOption('--run <run>', 'run id');
  if (action === 'approve') command.option('--reason <text>', 'why', 'approved by a person');
  else command.requiredOption('--reason <text>', 'why; the next attempt is told');
  command.addHelpText(
    'after',
    `
Example:
  gatekeeper ${action} report --run 24fc41ab7d60-1 --reason "${action === 'approve' ? 'numbers checked' : 'the totals are missing'}"
${ENVIRONMENT_HELP}`,
  );
  command.action(async (task: string, options: DirectOptions) => {
    const { direct } = await import('./direct.js');
    exit(await direct(readEnvironment(), action, task, options));
  });
}

function addDispute(program: Command, exit: Exit): void {
  program
    .command('dispute')
    .description('ask the arbiter to have a result paid that was accepted and that the coordinator does not pay')
    .argument('<task>', 'task id')
    .option(...CONFIG)
    .requiredOption('--run <run>', 'run id')
    .requiredOption('--plan <file>', 'its plan')
    .requiredOption('--reason <text>', 'why it should be paid')
    .addHelpText(
      'after',
      `
Signs the payment, which only the arbiter's signature sets off; it cannot be taken back. Costs about $0.01.

Example:
  gatekeeper dispute report --run 24fc41ab7d60-1 --plan plan.yaml --reason "accepted a week ago"
${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string, options: DisputeOptions) => {
      const { dispute } = await import('./dispute.js');
      exit(await dispute(readEnvironment(), task, options));
    });
}

function attemptNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('An attempt is a number from 1.');
}

function addAttest(program: Command, exit: Exit): void {
  program
    .command('attest')
    .description("sign a statement of what this gatekeeper judged: an output's digest, its plan, its gate, its verdict")
    .argument('<task>', 'task id')
    .option(...CONFIG)
    .requiredOption('--plan <file>', 'plan of the run')
    .requiredOption('--run <run>', 'run id')
    .option('--attempt <n>', 'of this attempt; the accepted one when left out, else the last judged', attemptNumber)
    .option('--out <file>', 'write it there; to standard output when left out')
    .addHelpText(
      'after',
      `
Writes an in-toto statement (a SLSA verification summary) in a DSSE envelope, signed with the gatekeeper's account key, which
must be Ed25519. docs/verify.md says how to verify one.

Example:
  gatekeeper attest report --run 24fc41ab7d60-1 --plan plan.yaml --out report.intoto.json
${ENVIRONMENT_HELP}`,
    )
    .action(async (task: string, options: AttestOptions) => {
      const { attest } = await import('./attest.js');
      exit(await attest(readEnvironment(), task, options));
    });
}

/** The command line. Modules that load the SDK are imported by the command that needs them. */
export function buildProgram(exit: Exit): Command {
  const program = commandLine('gatekeeper', import.meta.url).description(
    'Judges results by itself and signs payments that its own reading of the ledger finds due.',
  );
  addInit(program, exit);
  addServe(program, exit);
  addDoctor(program, exit);
  addDirective(program, exit, 'approve');
  addDirective(program, exit, 'reject');
  addDispute(program, exit);
  addAttest(program, exit);
  program.addHelpText(
    'after',
    `
Examples:
  gatekeeper init --coordinator 0.0.1001 --journal 0.0.1005 --agent 0.0.1003 --gates ./gates
  gatekeeper serve --config gatekeeper.yaml`,
  );
  return program;
}
