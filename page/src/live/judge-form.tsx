import { useContext, useRef, useState } from 'preact/hooks';
import { Id } from '../parts/ledger.js';
import type { ReportedRun, ReportedTask } from '../report.js';
import { grouped } from '../words.js';
import { Live, type LiveActs } from './live.js';
import { Problem } from './problem.js';
import { ServiceError, serviceErrorOf, type Word } from './service.js';

/** Longest comment; the journal holds it. */
const MAX_COMMENT = 1_000;
/** Roles of which one may decide. */
const DECIDERS = ['approve', 'admin'];

interface JudgeFormProps {
  readonly run: ReportedRun;
  readonly task: ReportedTask;
}

/** Where a person decides on a result; nothing in a report that is a file. */
export function JudgeForm({ run, task }: JudgeFormProps) {
  const live = useContext(Live);
  if (live === undefined || task.awaits_person !== true) return null;
  const mayDecide = live.me.roles.some((role) => DECIDERS.includes(role));
  if (run.gatekeeper !== undefined) {
    return (
      <p class="judge">
        A person decides on it where the gatekeeper <Id kind="account" id={run.gatekeeper} /> is: gatekeeper approve.
      </p>
    );
  }
  return (
    <section class="judge" aria-labelledby="judge-title">
      <h4 id="judge-title">A person decides</h4>
      {mayDecide ? (
        <Decision run={run} task={task} live={live} />
      ) : (
        <p>It takes a token with the role approve; yours may look.</p>
      )}
    </section>
  );
}

type Progress =
  | { readonly at: 'open'; readonly error?: ServiceError }
  | { readonly at: 'sent' }
  | { readonly at: 'posted'; readonly word: Word; readonly act: string };

const MISSING = new ServiceError(0, 'USAGE', 'say why: whoever tries again reads it', '');

function Decision({ run, task, live }: JudgeFormProps & { readonly live: LiveActs }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [progress, setProgress] = useState<Progress>({ at: 'open' });
  const say = async (word: Word) => {
    const comment = box.current?.value.trim() ?? '';
    if (word === 'reject' && comment === '') return setProgress({ at: 'open', error: MISSING });
    setProgress({ at: 'sent' });
    try {
      setProgress({ at: 'posted', word, act: await live.say(word, run.run, task.id, comment) });
    } catch (thrown) {
      setProgress({ at: 'open', error: serviceErrorOf(thrown) });
    }
  };
  const isOpen = progress.at === 'open';
  return (
    <form onSubmit={(event) => event.preventDefault()}>
      <Consequences run={run} task={task} live={live} />
      <label>
        Comment, which everybody can read
        <textarea ref={box} rows={3} maxLength={MAX_COMMENT} readOnly={!isOpen} />
      </label>
      <div class="choices">
        <button type="button" disabled={!isOpen} onClick={() => void say('approve')}>
          Approve
        </button>
        <button type="button" disabled={!isOpen} onClick={() => void say('reject')}>
          Reject
        </button>
      </div>
      <p role="status">
        {progress.at === 'sent' && 'It is being posted.'}
        {progress.at === 'posted' && (
          <>
            Posted: {progress.word}. The verdict follows when the ledger shows it.{' '}
            <small class="id">{progress.act}</small>
          </>
        )}
      </p>
      {progress.at === 'open' && progress.error !== undefined && <Problem error={progress.error} />}
    </form>
  );
}

/** What is posted, in whose name, and what comes of it, said before it is done. */
function Consequences({ run, task, live: { me } }: JudgeFormProps & { readonly live: LiveActs }) {
  const due = task.attempts.filter(({ result, verdict }) => result?.ok === true && verdict === undefined);
  const others = task.gates.filter((gate) => gate !== 'human' && gate !== 'none');
  return (
    <>
      <p>
        The coordinator <Id kind="account" id={me.account} /> posts one message on the journal{' '}
        <Id kind="topic" id={me.journal} />, for about $0.0008, with your comment and the digest of the line of its
        audit that names you.
      </p>
      <ul>
        {due.map(({ number, agent, price, result }) => (
          <li key={number}>
            Attempt {number} of <Id kind="account" id={agent} />
            {result?.output !== undefined && (
              <>
                : {grouped(`${result.output.size}`)} bytes, SHA-256 <small class="id">{result.output.sha256}</small>
              </>
            )}
            . Approved, {price === '0' ? 'it is complete' : <>it is paid {grouped(price)} of </>}
            {price !== '0' && <Id kind="token" id={run.money.token} />}
            {others.length > 0 && `, unless another gate (${others.join(', ')}) rejects it`}.
          </li>
        ))}
      </ul>
      <p>Rejected, nothing is paid for it; it is tried again while the plan has attempts left.</p>
    </>
  );
}
