import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import type { Command } from 'commander';
import { addDemo } from './demo/command.js';
import { addSetup } from './setup/command.js';
import type { CommandName } from './stage/layout.js';

/** The words for the commands of the other packages, which get all arguments that follow. */
export const PARTS: Readonly<Record<string, { readonly command: CommandName; readonly what: string }>> = {
  network: { command: 'local-ledger', what: 'an embedded network for trying and testing' },
  coordinator: { command: 'coordinator', what: 'hand plans to agents, judge and pay their work, verify runs' },
  agent: { command: 'agent-daemon', what: 'execute the tasks that an inbox assigns' },
  gatekeeper: { command: 'gatekeeper', what: 'judge results, and sign payments that are due' },
};

const EXAMPLES = `
Examples:
  gatepost demo
  gatepost network --accounts 3
  gatepost setup --agents 2
  gatepost coordinator run plan.yaml
  gatepost agent serve --config agent.yaml
  gatepost gatekeeper serve --config gatekeeper.yaml`;

function base(exit: Exit): Command {
  const program = commandLine('gatepost', import.meta.url).description(
    'Work is paid once, only after its gate accepts it, and anyone can check that from the public ledger.',
  );
  addDemo(program, exit);
  addSetup(program, exit);
  return program;
}

/** The command line; the words for the parts are only named in it. */
export function buildProgram(exit: Exit): Command {
  const program = base(exit);
  for (const [word, { command, what }] of Object.entries(PARTS)) {
    program.command(`${word} [arguments...]`).description(`${what}; the same as ${command}`);
  }
  return program.addHelpText('after', EXAMPLES);
}

/** The same with all that the parts know, for whoever describes the whole. */
export async function withParts(): Promise<(exit: Exit) => Command> {
  const { program: network } = await import('@gatepost/local-ledger/cli/options');
  const { programFor } = await import('@gatepost/coordinator/cli/program');
  const coordinator = await programFor();
  const { buildProgram: agent } = await import('@gatepost/agent-daemon/cli/program');
  const { buildProgram: gatekeeper } = await import('@gatepost/gatekeeper/cli/program');
  return (exit) => {
    const program = base(exit);
    const parts = {
      network: network(async () => undefined),
      coordinator: coordinator(exit),
      agent: agent(exit),
      gatekeeper: gatekeeper(exit),
    };
    for (const [word, part] of Object.entries(parts)) program.addCommand(part.name(word));
    return program;
  };
}
