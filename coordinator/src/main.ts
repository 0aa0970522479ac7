import { toGatepostError } from '@gatepost/shared/vocabulary/errors';
import { Command, CommanderError } from 'commander';
import { addAgents } from './cli/agents.js';
import { addBill } from './cli/bill.js';
import type { AddCommand } from './cli/command.js';
import { addApprove, addCancel, addReject } from './cli/direct.js';
import { addEstimate } from './cli/estimate.js';
import { addExplain } from './cli/explain.js';
import { addImport } from './cli/import.js';
import { addInit } from './cli/init.js';
import { addRun } from './cli/run.js';
import { addStatus } from './cli/status.js';
import { addVerify } from './cli/verify.js';

/** In the order in which --help shows them. Modules that load the SDK are imported by the command that needs them. */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addRun,
  addStatus,
  addExplain,
  addAgents,
  addApprove,
  addReject,
  addCancel,
  addImport,
  addEstimate,
  addVerify,
  addBill,
];

/** Runs the command line; returns the exit code. */
async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('coordinator')
    .description('Hands plans to agents; work is paid once, only after its gate accepts it, on the public ledger.')
    .showHelpAfterError('(coordinator --help shows the commands)')
    .exitOverride();
  for (const add of COMMANDS) {
    add(program, (exitCode) => {
      code = exitCode;
    });
  }
  program.addHelpText(
    'after',
    `
Examples:
  coordinator init --config coordinator.yaml --agent 0.0.1002
  coordinator run plan.yaml --config coordinator.yaml`,
  );
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (thrown) {
    // commander has said what is wrong already; help and version end with 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = toGatepostError(thrown);
    process.stderr.write(`${error.message}\n${error.advice}\n`);
    return error.exitCode;
  }
}

const code = await main(process.argv);
// Channels and timers of a failed start must not keep the process.
process.exit(code);
