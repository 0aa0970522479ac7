import { setFlagsFromString } from 'node:v8';
import { loadPlan } from '@gatepost/party/plan/plan-file';
import { type Report, type RunSummary, verify } from '@gatepost/rules/verify/verify';
import { MirrorRest } from '@gatepost/shared/hedera/mirror-rest';
import { counted } from '@gatepost/shared/vocabulary/counted';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { linkedOn } from '@gatepost/shared/vocabulary/explorer';
import { printable } from '@gatepost/shared/vocabulary/printable';
import { verifyAsJson } from '../shell/reports/as-json.js';
import { gatherEvidence } from '../shell/reports/verify-evidence.js';
import type { AddCommand } from './command.js';
import { type JournalOptions, journalOf, networkOf, printJson, withJournalOptions } from './options.js';
import { table } from './table.js';

interface VerifyOptions extends JournalOptions {
  readonly run?: string;
  readonly plan?: string;
  readonly json?: true;
}

/** Adds `verify` to the command line. */
export const addVerify: AddCommand = (program, exit) => {
  withJournalOptions(program.command('verify'))
    .description('check from the public ledger alone that work was paid once, and only after its gate accepted it')
    .option('--run <id>', 'only this run; all runs of the journal when left out')
    .option('--plan <file>', 'also check that the run is of this plan')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Needs no key and no local file: everything comes from the network's public mirror. docs/verify.md lists the rules.

Examples:
  coordinator verify
  coordinator verify --network testnet --journal 0.0.1234
  coordinator verify --journal 0.0.1234 --plan plan.yaml
  coordinator verify --journal 0.0.1234 --run 6f1c2a --json

Exit code: 0 every rule holds, 1 one does not or there is no run, 2 bad input.`,
    )
    .action(async (options: VerifyOptions) => exit(await runVerify(options)));
};

/** How far the heap may grow beyond what is in use, in per cent, before unused memory is looked for. */
const HEAP_GROWING_PERCENT = 40;

async function runVerify(options: VerifyOptions): Promise<number> {
  // A long history leaves much behind as it is read; by itself Node.js would let that come to several times what is in use.
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const plan = options.plan === undefined ? undefined : loadPlan(options.plan);
  const network = networkOf(options.network);
  const journal = await journalOf(options);
  const evidence = await gatherEvidence(new MirrorRest(network), journal);
  const report = verify(evidence, { run: options.run, plan });
  if (report.runs.length === 0) {
    const which = options.run === undefined ? 'no run' : `no run ${options.run}`;
    throw new GatepostError('NOT_FOUND', `${which} of its owner is on the journal ${journal}`);
  }
  if (options.json === true) {
    printJson(verifyAsJson(report));
  } else {
    process.stdout.write(`${reportText(report)}\njournal ${linkedOn(network)('topic', journal)}\n`);
  }
  return report.holds ? 0 : 1;
}

/** What is proven of a run on which every rule holds, and by whose word. */
function proven({ run, coordinator, gatekeeper, escrow, arbiter }: RunSummary): string {
  if (gatekeeper === undefined)
    return `${run}: ${coordinator} alone judged and paid; that the gates accepted is its word.`;
  const keys =
    arbiter === undefined
      ? `its key and that of ${coordinator}. Neither`
      : `two of its key, that of ${coordinator} and that of the arbiter ${arbiter}. None of them`;
  return (
    `${run}: the gatekeeper ${gatekeeper} judged; ${escrow} paid, which needs ${keys} ` +
    'could pay, change the key or mint alone; that the gates accepted is the word of the gatekeeper.'
  );
}

/** The report as people read it. */
export function reportText({ runs, findings, ignored, rules, runsOfPlan, holds }: Report): string {
  const parts = [
    table(
      ['run', 'plan', 'outcome', 'accepted', 'attempts', 'payments', 'paid', 'token', 'violations'],
      runs.map((run) => [
        run.run,
        run.name,
        run.outcome,
        `${run.accepted} of ${run.tasks}`,
        `${run.attempts}`,
        `${run.payments}`,
        `${run.paid}`,
        run.token,
        `${run.violations}`,
      ]),
    ),
  ];
  if (findings.length > 0) {
    parts.push(
      table(
        ['violated rule', 'run', 'what', 'found'],
        findings.map(({ rule, run, subject, message }) => [rule, run ?? '', subject, message]),
      ),
    );
  }
  for (const [reason, times] of ignored) parts.push(`ignored: ${times} × ${printable(reason)}`);
  if (runsOfPlan !== undefined)
    parts.push(`${runsOfPlan} of ${counted(runs.length, 'run')} ${runsOfPlan === 1 ? 'is' : 'are'} of the given plan.`);
  if (holds) parts.push(...runs.map(proven));
  const violated = new Set(findings.map(({ rule }) => rule)).size;
  parts.push(
    holds
      ? `All ${rules.length} rules hold: what was paid was paid once, and only after its gate accepted it.`
      : `${counted(findings.length, 'violation')} of ${violated} of ${rules.length} rules; docs/verify.md says what each means.`,
  );
  return parts.join('\n');
}
