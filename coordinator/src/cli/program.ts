import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import type { Command } from 'commander';
import { addAgents } from './agents.js';
import { addAttest } from './attest.js';
import { addBill } from './bill.js';
import type { AddCommand } from './command.js';
import { addApprove, addCancel, addReject } from './direct.js';
import { addDispute } from './dispute.js';
import { addDoctor } from './doctor.js';
import { addEstimate } from './estimate.js';
import { addExplain } from './explain.js';
import { addFund } from './fund.js';
import { addImport } from './import.js';
import { addInit } from './init.js';
import { addJournal } from './journal.js';
import { addLogs } from './logs.js';
import { addAddAgent, addInvite, addRemoveAgent } from './members.js';
import { addOutput } from './output.js';
import { addReport } from './report.js';
import { addRun } from './run.js';
import { addRuns } from './runs.js';
import { addServe } from './serve.js';
import { addStatus } from './status.js';
import { addToken } from './token.js';
import { addVerify } from './verify.js';

/** In the order in which --help shows them. */
const COMMANDS: readonly AddCommand[] = [
  addInit,
  addFund,
  addInvite,
  addAddAgent,
  addRemoveAgent,
  addDoctor,
  addRun,
  addServe,
  addToken,
  addRuns,
  addStatus,
  addExplain,
  addOutput,
  addAttest,
  addLogs,
  addJournal,
  addAgents,
  addApprove,
  addReject,
  addCancel,
  addDispute,
  addImport,
  addEstimate,
  addVerify,
  addBill,
  addReport,
];

/** The command line. Modules that load the SDK are imported by the command that needs them. */
export function buildProgram(exit: Exit): Command {
  const program = commandLine('coordinator', import.meta.url).description(
    'Hands plans to agents; work is paid once, only after its gate accepts it, on the public ledger.',
  );
  for (const add of COMMANDS) add(program, exit);
  return program.addHelpText(
    'after',
    `
Examples:
  coordinator init --config coordinator.yaml --agent 0.0.1002
  coordinator run plan.yaml --config coordinator.yaml`,
  );
}
