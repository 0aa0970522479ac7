import { type Exit, runProgram } from '@gatepost/shared/cli/run-program';
import { Command } from 'commander';
import { addAgents } from './cli/agents.js';
import { addBill } from './cli/bill.js';
import type { AddCommand } from './cli/command.js';
import { addApprove, addCancel, addReject } from './cli/direct.js';
import { addDoctor } from './cli/doctor.js';
import { addEstimate } from './cli/estimate.js';
import { addExplain } from './cli/explain.js';
import { addImport } from './cli/import.js';
import { addInit } from './cli/init.js';
import { addAddAgent, addInvite, addRemoveAgent } from './cli/members.js';
import { addRun } from './cli/run.js';
import { addStatus } from './cli/status.js';
import { addVerify } from './cli/verify.js';

/** In the order in which --help shows them. Modules that load the SDK are imported by the command that needs them. */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addInvite,
  addAddAgent,
  addRemoveAgent,
  addDoctor,
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

function buildProgram(exit: Exit): Command {
  const program = new Command('coordinator')
    .description('Hands plans to agents; work is paid once, only after its gate accepts it, on the public ledger.')
    .showHelpAfterError('(coordinator --help shows the commands)')
    .exitOverride();
  for (const add of COMMANDS) add(program, exit);
  return program.addHelpText(
    'after',
    `
Examples:
  coordinator init --config coordinator.yaml --agent 0.0.1002
  coordinator run plan.yaml --config coordinator.yaml`,
  );
}

const code = await runProgram(buildProgram);
// Channels and timers of a failed start must not keep the process.
process.exit(code);
