import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ListedRun } from './service.js';

/** Runs that the ledger does not show yet, and those that the coordinator cannot go on with. */
export function WaitingRuns({ runs }: { readonly runs: readonly ListedRun[] }) {
  const shown = runs.filter(({ state, trouble }) => state === 'waiting' || trouble !== undefined);
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="waiting-title">
      <h2 id="waiting-title">Waiting</h2>
      <Table label="Waiting runs" head={['Plan', 'Run', 'Submitted (UTC)', 'By', 'Tasks', 'Weight', 'Why']}>
        {shown.map(({ run, name, tasks, weight, submitted, trouble }) => (
          <tr key={run}>
            <th scope="row">
              <Text of={name} />
            </th>
            <td>
              <Text of={run} />
            </td>
            <td>{submitted !== undefined && <Text of={submitted.at.slice(0, 19).replace('T', ' ')} />}</td>
            <td>{submitted !== undefined && <Text of={submitted.by} />}</td>
            <td class="number">{tasks}</td>
            <td class="number">{weight}</td>
            <td>
              {trouble === undefined ? (
                'its turn has not come'
              ) : (
                <Text of={`${trouble.message} (${trouble.code}); ${trouble.advice}`} />
              )}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
