import { JudgeForm } from '../live/judge-form.js';
import { State } from '../parts/state.js';
import { Text } from '../parts/text.js';
import type { ReportedRun, ReportedTask } from '../report.js';
import { dollars, grouped, hbar } from '../words.js';
import { AttemptDetail } from './attempt-detail.js';

/** Names of other tasks that are shown at once. */
const MAX_NAMES = 30;

interface TaskDetailProps {
  readonly run: ReportedRun;
  readonly task: ReportedTask;
  readonly select: (task: string) => void;
}

/** Everything about one task. */
export function TaskDetail({ run, task, select }: TaskDetailProps) {
  const behind = run.tasks.filter(({ depends_on }) => depends_on.includes(task.id)).map(({ id }) => id);
  const reviews = run.tasks.filter((one) => one.reviews?.task === task.id).map(({ id }) => id);
  const reviewed = task.reviews === undefined ? [] : [task.reviews.task];
  const after = run.sequences.find(({ id }) => id === task.sequence)?.after ?? [];
  return (
    <section class="detail" aria-labelledby="task-title">
      <h3 id="task-title">
        <Text of={task.id} />
      </h3>
      <p>
        <State of={task.status} />
      </p>
      <ul class="why" aria-label="Why">
        {task.why.map((line) => (
          <li key={line}>
            <Text of={line} />
          </li>
        ))}
      </ul>
      <JudgeForm key={`${run.run} ${task.id} ${task.attempts.length}`} run={run} task={task} />
      <dl>
        <dt>Type</dt>
        <dd>
          <Text of={task.type} />
        </dd>
        <dt>Price</dt>
        <dd>{grouped(task.price)}</dd>
        <dt>Network fees</dt>
        <dd>
          {hbar(task.fees)} <small>{dollars(task.fees, run.money.usd_per_hbar)}</small>
        </dd>
        {task.gates.length > 0 && (
          <>
            <dt>Gates</dt>
            <dd>
              <Text of={task.gates.join(', ')} />
            </dd>
          </>
        )}
        {task.sequence !== undefined && (
          <>
            <dt>Sequence</dt>
            <dd>
              <Text of={task.sequence} />
              {after.length > 0 && (
                <>
                  , after <Text of={after.join(', ')} />
                </>
              )}
            </dd>
          </>
        )}
        <Names label="Waits for" ids={task.depends_on} select={select} />
        <Names label="Waiting for it" ids={behind} select={select} />
        <Names label="Reviews" ids={reviewed} select={select} />
        <Names label="Reviewed by" ids={reviews} select={select} />
      </dl>
      <h4>Attempts</h4>
      {task.attempts.length === 0 && <p class="quiet">none yet</p>}
      <ol class="attempts">
        {task.attempts.map((attempt) => (
          <AttemptDetail key={attempt.number} attempt={attempt} />
        ))}
      </ol>
    </section>
  );
}

interface NamesProps {
  readonly label: string;
  readonly ids: readonly string[];
  readonly select: (task: string) => void;
}

/** Other tasks, to go to. */
function Names({ label, ids, select }: NamesProps) {
  if (ids.length === 0) return null;
  return (
    <>
      <dt>{label}</dt>
      <dd class="names">
        {ids.slice(0, MAX_NAMES).map((id) => (
          <button key={id} type="button" class="link" onClick={() => select(id)}>
            <Text of={id} />
          </button>
        ))}
        {ids.length > MAX_NAMES && <span>and {ids.length - MAX_NAMES} more</span>}
      </dd>
    </>
  );
}
