import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { allPrintable, printableJson } from '@gatepost/shared/vocabulary/printable';
import Table from 'cli-table3';
import type { AgentReport } from '../shell/agents/agent-report.js';
import { type AddCommand, ENVIRONMENT_HELP } from './command.js';
import { type RunViewOptions, withRun, withRunOptions } from './view.js';

export const addAgents: AddCommand = (program, exit) => {
  withRunOptions(program.command('agents'))
    .description("show each agent's state, why, its lease and what it has cost so far")
    .option('--json', 'print one JSON line per agent')
    .addHelpText('after', `\nExamples:\n  coordinator agents\n  coordinator agents --json\n${ENVIRONMENT_HELP}`)
    .action(async (options: RunViewOptions & { readonly json?: boolean }) =>
      exit(
        await withRun(options, async (read, connection, _log, stateDir) => {
          const { reportAgents } = await import('../shell/agents/agent-report.js');
          const reports = await reportAgents(connection, await read(), stateDir);
          process.stdout.write(
            options.json === true
              ? reports.map((report) => `${printableJson(JSON.stringify(report))}\n`).join('')
              : asText(reports),
          );
          return 0;
        }),
      ),
    );
};

function asText(hostile: readonly AgentReport[]): string {
  const reports = allPrintable(hostile);
  const table = new Table({
    head: [
      'agent',
      'state',
      'last beat',
      'reachable',
      'open',
      'running',
      'slots',
      'lease until',
      'cost',
      'capabilities',
    ],
    style: { head: [], border: [], compact: true },
  });
  for (const report of reports) {
    table.push([
      report.agent,
      report.state,
      report.last_beat ?? '',
      report.reachable,
      String(report.open_attempts),
      report.running === undefined ? '' : String(report.running),
      String(report.slots),
      report.lease_expiry ?? '',
      formatTinybar(BigInt(report.charged_tinybar)),
      report.capabilities.join(', '),
    ]);
  }
  const why = reports.map(({ agent, state, why: reason }) => `${agent} is ${state}: ${reason}`);
  return [table.toString(), ...why, ''].join('\n');
}
