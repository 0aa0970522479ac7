import { commandLine } from '@gatepost/shared/cli/command-line';
import type { Exit } from '@gatepost/shared/cli/run-program';
import type { Command } from 'commander';
import type { AddCommand } from './command.js';

/** The commands, each loaded when it is asked for; in the order in which --help shows them. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./init.js')).addInit,
  fund: async () => (await import('./fund.js')).addFund,
  invite: async () => (await import('./members.js')).addInvite,
  'add-agent': async () => (await import('./members.js')).addAddAgent,
  'remove-agent': async () => (await import('./members.js')).addRemoveAgent,
  doctor: async () => (await import('./doctor.js')).addDoctor,
  run: async () => (await import('./run.js')).addRun,
  serve: async () => (await import('./serve.js')).addServe,
  token: async () => (await import('./token.js')).addToken,
  runs: async () => (await import('./runs.js')).addRuns,
  status: async () => (await import('./status.js')).addStatus,
  explain: async () => (await import('./explain.js')).addExplain,
  output: async () => (await import('./output.js')).addOutput,
  attest: async () => (await import('./attest.js')).addAttest,
  logs: async () => (await import('./logs.js')).addLogs,
  journal: async () => (await import('./journal.js')).addJournal,
  agents: async () => (await import('./agents.js')).addAgents,
  approve: async () => (await import('./direct.js')).addApprove,
  reject: async () => (await import('./direct.js')).addReject,
  cancel: async () => (await import('./direct.js')).addCancel,
  dispute: async () => (await import('./dispute.js')).addDispute,
  import: async () => (await import('./import.js')).addImport,
  estimate: async () => (await import('./estimate.js')).addEstimate,
  verify: async () => (await import('./verify.js')).addVerify,
  bill: async () => (await import('./bill.js')).addBill,
  report: async () => (await import('./report.js')).addReport,
};

/**
 * What builds the command line: with one command alone when it is named, else with all of them. Modules that load the
 * SDK are imported by the action that needs them.
 */
export async function programFor(word = ''): Promise<(exit: Exit) => Command> {
  const named = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  const wanted = named === undefined ? Object.values(COMMANDS) : [named];
  const commands = await Promise.all(wanted.map((load) => load()));
  return (exit) => {
    const program = commandLine('coordinator', import.meta.url).description(
      'Hands plans to agents; work is paid once, only after its gate accepts it, on the public ledger.',
    );
    for (const add of commands) add(program, exit);
    return program.addHelpText(
      'after',
      `
Examples:
  coordinator init --config coordinator.yaml --agent 0.0.1002
  coordinator run plan.yaml --config coordinator.yaml`,
    );
  };
}
