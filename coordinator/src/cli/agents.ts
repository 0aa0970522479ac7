import { formatTinybar } from '@gatepost/shared/vocabulary/amount';
import { type Linked, linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { allPrintable, printableJson } from '@gatepost/shared/vocabulary/printable';
import Table from 'cli-table3';
import type { AgentReport } from '../shell/agents/agent-report.js';
import { type AddCommand, READING_HELP } from './command.js';
import { type RunViewOptions, viewOf, withRunOptions } from './view.js';

export const addAgents: AddCommand = (program, exit) => {
  withRunOptions(program.command('agents'))
    .description("show each agent's state, why, its lease and what it has cost so far")
    .option('--json', 'print one JSON line per agent')
    .addHelpText('after', `\nExamples:\n  coordinator agents\n  coordinator agents --json\n${READING_HELP}`)
    .action(async (options: RunViewOptions & { readonly json?: boolean }) => {
      const { read, reader, config } = await viewOf(options);
      const { reportAgents } = await import('../shell/agents/agent-report.js');
      const reports = await reportAgents(reader.mirror, await read(), config.stateDir);
      process.stdout.write(
        options.json === true
          ? reports.map((report) => `${printableJson(JSON.stringify(report))}\n`).join('')
          : asText(reports, linkedOn(reader.network)),
      );
      exit(0);
    });
};

function asText(hostile: readonly AgentReport[], linked: Linked): string {
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
  const why = reports.map(({ agent, state, why: reason }) => `${linked('account', agent)} is ${state}: ${reason}`);
  return [table.toString(), ...why, ''].join('\n');
}
