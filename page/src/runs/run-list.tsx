import { useState } from 'preact/hooks';
import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ReportedRun } from '../report.js';
import { hashOf } from '../route.js';
import { dateTime, grouped, hbar } from '../words.js';
import { ALL_RUNS, filterRuns, type RunFilter } from './filter-runs.js';

const OUTCOMES = ['open', 'complete', 'failed', 'cancelled'] as const;
/** Rows that are shown at once; more come when asked for. */
const MAX_ROWS = 100;

interface RunListProps {
  readonly runs: readonly ReportedRun[];
  readonly chosen: string | undefined;
}

/** All runs, to be searched by name, state and date. */
export function RunList({ runs, chosen }: RunListProps) {
  const [filter, setFilter] = useState<RunFilter>(ALL_RUNS);
  const found = filterRuns(runs, filter);
  const set = (change: Partial<RunFilter>) => setFilter({ ...filter, ...change });
  return (
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">Runs</h2>
      {runs.length > 1 && (
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            Search
            <input type="search" value={filter.text} onInput={(event) => set({ text: event.currentTarget.value })} />
          </label>
          <label>
            State
            <select
              value={filter.outcome}
              onChange={(event) => set({ outcome: OUTCOMES.find((one) => one === event.currentTarget.value) ?? '' })}
            >
              <option value="">all</option>
              {OUTCOMES.map((outcome) => (
                <option key={outcome}>{outcome}</option>
              ))}
            </select>
          </label>
          <label>
            From
            <input type="date" value={filter.from} onInput={(event) => set({ from: event.currentTarget.value })} />
          </label>
          <label>
            To
            <input type="date" value={filter.to} onInput={(event) => set({ to: event.currentTarget.value })} />
          </label>
        </form>
      )}
      <p role="status" class="quiet">
        {found.length} of {runs.length} runs
        {found.length > MAX_ROWS && `; the newest ${MAX_ROWS} are shown, search for others`}
      </p>
      <Table label="Runs" head={['Plan', 'Run', 'State', 'Opened (UTC)', 'Closed', 'Accepted', 'Paid', 'Fees']}>
        {found.slice(0, MAX_ROWS).map((run) => (
          <tr key={run.run} class={run.run === chosen ? 'chosen' : ''}>
            <th scope="row">
              <a
                href={hashOf({ run: run.run, view: 'tasks', task: undefined })}
                aria-current={run.run === chosen ? 'true' : undefined}
              >
                <Text of={run.name} />
              </a>
            </th>
            <td>
              <Text of={run.run} />
            </td>
            <td>
              <span class={`outcome o-${run.outcome}`}>{run.outcome}</span>
            </td>
            <td>{dateTime(run.opened.at)}</td>
            <td>{run.closed === undefined ? '' : dateTime(run.closed.at)}</td>
            <td>
              {run.accepted} of {run.task_count}
            </td>
            <td class="number">{grouped(run.money.paid)}</td>
            <td class="number">{hbar(run.money.fees)}</td>
          </tr>
        ))}
      </Table>
    </section>
  );
}
