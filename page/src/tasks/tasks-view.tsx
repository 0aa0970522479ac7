import { useMemo, useState } from 'preact/hooks';
import { TaskGraph } from '../graph/task-graph.js';
import type { ReportedRun } from '../report.js';
import { STATUS_NAMES, STATUSES, type Status } from '../words.js';
import { ALL_TASKS, type TaskFilter, wantedBy } from './filter-tasks.js';
import { TaskDetail } from './task-detail.js';
import { TaskList } from './task-list.js';

interface TasksViewProps {
  readonly run: ReportedRun;
  readonly selected: string | undefined;
  readonly select: (task: string) => void;
}

/** The tasks of a run: as a graph, as a list, and one of them in full. */
export function TasksView({ run, selected, select }: TasksViewProps) {
  const [filter, setFilter] = useState<TaskFilter>(ALL_TASKS);
  const wanted = useMemo(() => wantedBy(filter), [filter]);
  const task = run.tasks.find(({ id }) => id === selected);
  return (
    <div class="tasks">
      <div class="overview">
        <TaskFilters run={run} filter={filter} setFilter={setFilter} />
        {run.plan_known ? (
          <TaskGraph run={run} selected={selected} select={select} wanted={wanted} />
        ) : (
          <p class="quiet">
            The plan of this run is not known to whoever made the report, so there is no graph; name it with --plan.
          </p>
        )}
        <TaskList tasks={run.tasks} wanted={wanted} selected={selected} select={select} />
      </div>
      {task === undefined ? (
        <p class="detail quiet">Choose a task to see why it stands where it stands.</p>
      ) : (
        <TaskDetail run={run} task={task} select={select} />
      )}
    </div>
  );
}

interface TaskFiltersProps {
  readonly run: ReportedRun;
  readonly filter: TaskFilter;
  readonly setFilter: (filter: TaskFilter) => void;
}

function TaskFilters({ run, filter, setFilter }: TaskFiltersProps) {
  const counts = useMemo(() => {
    const found = new Map<Status, number>();
    for (const { status } of run.tasks) found.set(status, (found.get(status) ?? 0) + 1);
    return found;
  }, [run]);
  const toggle = (status: Status) => {
    const states = new Set(filter.states);
    if (!states.delete(status)) states.add(status);
    setFilter({ ...filter, states });
  };
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Find tasks
        <input
          type="search"
          placeholder="name, type or agent"
          value={filter.text}
          onInput={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
        />
      </label>
      <fieldset class="states">
        <legend class="hidden">States</legend>
        {STATUS_NAMES.filter((status) => counts.has(status)).map((status) => (
          <button
            key={status}
            type="button"
            class={`state s-${status}`}
            aria-pressed={filter.states.has(status)}
            onClick={() => toggle(status)}
          >
            <i aria-hidden="true">{STATUSES[status].mark}</i>
            {counts.get(status)} {STATUSES[status].word}
          </button>
        ))}
      </fieldset>
    </form>
  );
}
