import { useEffect, useMemo, useState } from 'preact/hooks';
import { State } from '../parts/state.js';
import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ReportedTask } from '../report.js';
import { grouped } from '../words.js';

/** Rows that are shown at first, and so many more each time more are asked for. */
const ROWS = 50;

interface TaskListProps {
  readonly tasks: readonly ReportedTask[];
  readonly wanted: (task: ReportedTask) => boolean;
  readonly selected: string | undefined;
  readonly select: (task: string) => void;
}

/** The tasks that are looked for, in plan order. */
export function TaskList({ tasks, wanted, selected, select }: TaskListProps) {
  const [shown, setShown] = useState(ROWS);
  const found = useMemo(() => tasks.filter(wanted), [tasks, wanted]);
  useEffect(() => setShown(ROWS), [wanted]);
  return (
    <>
      <p role="status" class="quiet">
        {found.length} of {tasks.length} tasks and reviews
      </p>
      <Table label="Tasks" head={['Task', 'State', 'Type', 'Attempts', 'Price', 'Agent']}>
        {found.slice(0, shown).map((task) => (
          <tr key={task.id} class={task.id === selected ? 'chosen' : ''}>
            <th scope="row">
              <button
                type="button"
                class="link"
                aria-current={task.id === selected ? 'true' : undefined}
                onClick={() => select(task.id)}
              >
                <Text of={task.id} />
              </button>
            </th>
            <td>
              <State of={task.status} />
            </td>
            <td>
              <Text of={task.type} />
            </td>
            <td class="number">{task.attempts.length}</td>
            <td class="number">{grouped(task.price)}</td>
            <td>{task.attempts.at(-1)?.agent}</td>
          </tr>
        ))}
      </Table>
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + ROWS)}>
          show {Math.min(ROWS, found.length - shown)} more
        </button>
      )}
    </>
  );
}
