import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command } from 'commander';
import { addDemo } from './demo/command.js';
import { addSetup } from './setup/command.js';
import { COMMANDS, type CommandName } from './stage/layout.js';

/** The words for the commands of the other packages, which get all arguments that follow. */
const PARTS: Readonly<Record<string, { readonly command: CommandName; readonly what: string }>> = {
  network: { command: 'local-ledger', what: 'an embedded network for trying and testing' },
  coordinator: { command: 'coordinator', what: 'hand plans to agents, judge and pay their work, verify runs' },
  agent: { command: 'agent-daemon', what: 'execute the tasks that an inbox assigns' },
};

function buildProgram(exit: Exit): Command {
  const program = new Command('gatepost')
    .description('Work is paid once, only after its gate accepts it, and anyone can check that from the public ledger.')
    .showHelpAfterError('(gatepost --help shows the commands)')
    .exitOverride();
  addDemo(program, exit);
  addSetup(program, exit);
  for (const [word, { command, what }] of Object.entries(PARTS)) {
    program.command(`${word} [arguments...]`).description(`${what}; the same as ${command}`);
  }
  return program.addHelpText(
    'after',
    `
Examples:
  gatepost demo
  gatepost network --accounts 3
  gatepost setup --agents 2
  gatepost coordinator run plan.yaml
  gatepost agent serve --config agent.yaml`,
  );
}

const part = PARTS[process.argv[2] ?? ''];
if (part === undefined) {
  process.exitCode = await runProgram(buildProgram);
} else {
  process.argv.splice(1, 2, COMMANDS[part.command]);
  await import(COMMANDS[part.command]);
}
