import { basename, extname, join, resolve } from 'node:path';
import type { Exit } from '@gatepost/shared/cli/run-program';
import type { Command } from 'commander';
import { EXAMPLES } from '../stage/layout.js';

interface DemoOptions {
  readonly directory?: string;
  readonly gatekeeper?: boolean;
}

/** Adds `demo` to the command line. */
export function addDemo(program: Command, exit: Exit): void {
  program
    .command('demo')
    .description('run a plan on an embedded network with a coordinator and two agents, each a process of its own')
    .argument('[plan]', 'plan file', join(EXAMPLES, 'dependency-audit.yaml'))
    .option('--directory <dir>', 'where configuration, logs and outputs go; emptied first (default: .gatepost/<plan>)')
    .option('--gatekeeper', 'with a fourth process that judges, and without whose key nothing is paid')
    .addHelpText(
      'after',
      `
The example plans are in ${EXAMPLES}.

Examples:
  gatepost demo                                              dependency-audit.yaml
  gatepost demo ${join(EXAMPLES, 'rejected-then-paid.yaml')}
                                                             a wrong result is rejected, retried and only then paid
  gatepost demo ${join(EXAMPLES, 'coding.yaml')}
                                                             an agent that speaks ACP mends a repository, whose tests decide
  gatepost demo --gatekeeper                                 the money is in an escrow of two keys`,
    )
    .action(async (plan: string, { directory, gatekeeper = false }: DemoOptions) => {
      const { demo } = await import('./demo.js');
      const own = join('.gatepost', basename(plan, extname(plan)));
      exit(await demo(resolve(plan), resolve(directory ?? own), gatekeeper));
    });
}
