import { useMemo } from 'preact/hooks';
import { Id, Where } from '../parts/ledger.js';
import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ReportDocument, ReportedRun } from '../report.js';
import { grouped, hbar } from '../words.js';
import { Timeline } from './timeline.js';

interface AgentsViewProps {
  readonly report: ReportDocument;
  readonly run: ReportedRun;
  readonly select: (task: string) => void;
}

interface Counts {
  readonly attempts: number;
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly lost: number;
}

const NONE: Counts = { attempts: 0, open: 0, accepted: 0, rejected: 0, lost: 0 };

function countsOf(run: ReportedRun): ReadonlyMap<string, Counts> {
  const found = new Map<string, Counts>();
  for (const { agent, verdict, superseded } of run.tasks.flatMap(({ attempts }) => attempts)) {
    const { attempts, open, accepted, rejected, lost } = found.get(agent) ?? NONE;
    found.set(agent, {
      attempts: attempts + 1,
      open: open + (verdict === undefined ? 1 : 0),
      accepted: accepted + (verdict?.accepted === true ? 1 : 0),
      rejected: rejected + (verdict?.accepted === false ? 1 : 0),
      lost: lost + (superseded ? 1 : 0),
    });
  }
  return found;
}

/** The agents: their lives, leases, work and cost. */
export function AgentsView({ report, run, select }: AgentsViewProps) {
  const counts = useMemo(() => countsOf(run), [run]);
  const costs = new Map(run.money.accounts.map((account) => [account.account, account]));
  return (
    <>
      <Timeline report={report} run={run} select={select} />
      <Table
        label="Agents"
        head={[
          'Agent',
          'State',
          'Since',
          'Lease until (UTC)',
          'Attempts',
          'Open',
          'Accepted',
          'Rejected',
          'Lost',
          'Received',
          'Fees',
          'Slots',
          'Capabilities',
        ]}
      >
        {report.agents.map(({ agent, life, history, lease_until, slots, capabilities }) => {
          const { attempts, open, accepted, rejected, lost } = counts.get(agent) ?? NONE;
          const last = history.at(-1);
          return (
            <tr key={agent}>
              <th scope="row">
                <Id kind="account" id={agent} />
              </th>
              <td>
                <span class={`life-word l-${life}`}>{life}</span>
                {last?.reason !== undefined && (
                  <>
                    {' '}
                    <Text of={last.reason} />
                  </>
                )}
              </td>
              <td>{last !== undefined && <Where place={last.place} />}</td>
              <td>{lease_until?.slice(0, 19).replace('T', ' ')}</td>
              <td class="number">{attempts}</td>
              <td class="number">{open}</td>
              <td class="number">{accepted}</td>
              <td class="number">{rejected}</td>
              <td class="number">{lost}</td>
              <td class="number">{grouped(costs.get(agent)?.received ?? '0')}</td>
              <td class="number">{hbar(costs.get(agent)?.fees ?? '0')}</td>
              <td class="number">{slots}</td>
              <td>
                <Text of={capabilities.join(', ')} />
              </td>
            </tr>
          );
        })}
      </Table>
    </>
  );
}
