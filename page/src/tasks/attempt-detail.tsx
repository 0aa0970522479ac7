import { Id, Where } from '../parts/ledger.js';
import { Lines, Text } from '../parts/text.js';
import type { ReportedAttempt, ReportedOutput } from '../report.js';
import { grouped, lasting, msOf } from '../words.js';

type Dispute = NonNullable<ReportedAttempt['dispute']>;

/** What happened to one attempt, each step with the record that says so. */
export function AttemptDetail({ attempt }: { readonly attempt: ReportedAttempt }) {
  const { number, agent, assigned, started, timed_out, result, log, verdict, dispute, payment } = attempt;
  return (
    <li value={number}>
      <Id kind="account" id={agent} />
      {attempt.superseded && <strong> lost: another attempt was made</strong>}
      <dl class="steps">
        <dt>assigned</dt>
        <dd>
          <Where place={assigned} />
          <p class="quiet">
            for {grouped(attempt.price)}, due {attempt.deadline.slice(0, 19).replace('T', ' ')}
          </p>
        </dd>
        {started !== undefined && (
          <>
            <dt>started</dt>
            <dd>
              <Where place={started} /> <After from={assigned.at} to={started.at} />
            </dd>
          </>
        )}
        {timed_out !== undefined && (
          <>
            <dt>deadline passed</dt>
            <dd>
              <Where place={timed_out} />
            </dd>
          </>
        )}
        {result !== undefined && (
          <>
            <dt>{result.ok ? 'delivered' : 'failed'}</dt>
            <dd>
              <Where place={result.place} /> <After from={(started ?? assigned).at} to={result.place.at} />
              {result.reason !== undefined && <Lines label="Reason" of={result.reason} />}
              {result.output !== undefined && <Output output={result.output} />}
            </dd>
          </>
        )}
        {log !== undefined && (
          <>
            <dt>log</dt>
            <dd>
              <Lines label="Log" of={log} />
            </dd>
          </>
        )}
        {verdict !== undefined && (
          <>
            <dt>{verdict.accepted ? 'accepted' : 'rejected'}</dt>
            <dd>
              <Where place={verdict.place} /> by <Text of={verdict.gate} />
              {verdict.reason !== '' && <Lines label="Feedback" of={verdict.reason} />}
            </dd>
          </>
        )}
        {dispute !== undefined && <Disputed dispute={dispute} />}
        {payment !== undefined && (
          <>
            <dt>paid</dt>
            <dd>
              <Where place={payment.place} /> {grouped(payment.amount)} to <Id kind="account" id={payment.to} />
              {payment.transfer !== undefined && (
                <p>
                  <small>
                    <Id kind="transaction" id={payment.transfer} />
                  </small>
                </p>
              )}
            </dd>
          </>
        )}
      </dl>
    </li>
  );
}

const Disputed = ({ dispute: { by, reason, place, decision } }: { readonly dispute: Dispute }) => (
  <>
    <dt>disputed</dt>
    <dd>
      <Where place={place} /> by <Id kind="account" id={by} />
      {reason !== '' && <Lines label="Reason of the dispute" of={reason} />}
    </dd>
    {decision !== undefined && (
      <>
        <dt>{decision.pays ? 'decided to pay' : 'decided not to pay'}</dt>
        <dd>
          <Where place={decision.place} />
          {decision.reason !== '' && <Lines label="Reason of the decision" of={decision.reason} />}
        </dd>
      </>
    )}
  </>
);

const After = ({ from, to }: { readonly from: string; readonly to: string }) => (
  <span class="quiet">after {lasting(msOf(to) - msOf(from))}</span>
);

const SHOWN: Readonly<Record<ReportedOutput['shown'], string>> = {
  whole: '',
  beginning: 'its beginning:',
  not_text: 'is no text',
  not_here: 'is not in this report',
};

const Output = ({ output: { sha256, size, shown, text } }: { readonly output: ReportedOutput }) => (
  <>
    <p>
      output of {grouped(`${size}`)} bytes {SHOWN[shown]}
      <small class="id"> SHA-256 {sha256}</small>
    </p>
    {text !== undefined && text !== '' && <Lines label="Output" of={text} />}
  </>
);
