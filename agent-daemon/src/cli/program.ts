import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import { readEnvironment } from '@gatepost/shared/config/environment';
import type { Command } from 'commander';
import type { InitOptions } from '../shell/init.js';
import type { DoctorOptions } from './doctor.js';
import type { ServeOptions } from './serve.js';

const CONFIG = ['--config <file>', 'configuration file', 'agent.yaml'] as const;

const ENVIRONMENT_HELP = `
Environment (or .env in the working directory):
  AGENT_ACCOUNT_ID, AGENT_PRIVATE_KEY   account of the agent on this host
  GATEPOST_NETWORK                      local, testnet, previewnet or mainnet`;

function addInit(program: Command, exit: Exit): void {
  program
    .command('init')
    .description('create the inbox, associate the token, make the certificate, write the configuration')
    .option(...CONFIG)
    .option('--coordinator <account>', 'account of the coordinator this agent works for')
    .option('--journal <topic>', "the coordinator's journal topic")
    .option('--token <token>', 'the token that pays')
    .option('--join <line>', 'all of these three, and the network: the line that "coordinator invite" printed')
    .option('--listen <host:port>', 'address of the gRPC server; port 0 takes any free one')
    .option('--data <dir>', 'where state and outputs are kept')
    .option('--executors <file>', 'YAML file that maps task types to executors')
    .option('--new-key', 'only make a key, for an account that does not exist yet, and write it to .env')
    .option('--new-certificate', 'replace the certificate; SIGHUP or the next start publishes it')
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Running it again changes nothing that is there already. Without AGENT_ACCOUNT_ID the account of the key is looked up.

Examples:
  agent-daemon init --config agent.yaml --coordinator 0.0.1001 --journal 0.0.1005 --token 0.0.1006 \\
    --executors executors.yaml
  agent-daemon init --join gatepost-join-1.eyJuZXR3b3JrIjoi... --executors executors.yaml
  agent-daemon init --config agent.yaml
  agent-daemon init --new-key
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
    .description('execute the tasks that the inbox assigns, until SIGTERM (the default command)')
    .option(...CONFIG)
    .option('--json', 'print the ready line as JSON')
    .option('--insecure-loopback', 'serve without TLS, on a loopback address only')
    .addHelpText(
      'after',
      `
The first SIGTERM drains and says goodbye on the journal, a second one stops at once. SIGHUP takes up a new certificate.

Examples:
  agent-daemon serve --config /etc/gatepost/agent.yaml
  agent-daemon --config agent.yaml --json
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
    .description('check keys, balances, topics, token, executors, network and this host, and say what to do')
    .option(...CONFIG)
    .option('--json', 'print one JSON line')
    .addHelpText(
      'after',
      `
Sends nothing and changes nothing. docs/doctor.md lists everything that it can find.
Exit code: 0 when there is no error (there may be warnings), 1 when there is one.

Examples:
  agent-daemon doctor --config agent.yaml
  agent-daemon doctor --json
${ENVIRONMENT_HELP}`,
    )
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('./doctor.js');
      exit(await doctor(readEnvironment(), options));
    });
}

/** The command line. Modules that load the SDK are imported by the command that needs them. */
export function buildProgram(exit: Exit): Command {
  const program = commandLine('agent-daemon', import.meta.url).description(
    'Executes the tasks assigned on its HCS inbox, reports to the journal, keeps its lease alive.',
  );
  addInit(program, exit);
  addServe(program, exit);
  addDoctor(program, exit);
  program.addHelpText(
    'after',
    `
Examples:
  agent-daemon init --config agent.yaml --coordinator 0.0.1001 --journal 0.0.1005 --token 0.0.1006
  agent-daemon serve --config agent.yaml`,
  );
  return program;
}
