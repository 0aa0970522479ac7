import { useContext, useState } from 'preact/hooks';
import { Text } from '../parts/text.js';
import { Live } from './live.js';
import { Problem } from './problem.js';
import { type ServiceError, serviceErrorOf, type Verified } from './service.js';

type Checked =
  | { readonly is: 'not' | 'asked' }
  | { readonly is: 'done'; readonly found: Verified; readonly at: Date }
  | { readonly is: 'failed'; readonly error: ServiceError };

/** Has a run verified anew; nothing in a report that is a file. */
export function VerifyAgain({ run }: { readonly run: string }) {
  const live = useContext(Live);
  const [checked, setChecked] = useState<Checked>({ is: 'not' });
  if (live === undefined) return null;
  const check = async () => {
    setChecked({ is: 'asked' });
    try {
      setChecked({ is: 'done', found: await live.verify(run), at: new Date() });
    } catch (thrown) {
      setChecked({ is: 'failed', error: serviceErrorOf(thrown) });
    }
  };
  return (
    <>
      <button type="button" disabled={checked.is === 'asked'} onClick={() => void check()}>
        Verify this run again
      </button>
      <p role="status">
        {checked.is === 'asked' && 'The ledger is being read.'}
        {checked.is === 'done' &&
          `At ${checked.at.toISOString().slice(11, 19)} UTC ${checked.found.rules.length} rules were checked on this run: ${
            checked.found.findings.length === 0 ? 'all hold.' : `violations found: ${checked.found.findings.length}.`
          }`}
      </p>
      {checked.is === 'done' && checked.found.findings.length > 0 && (
        <ul>
          {checked.found.findings.map(({ rule, subject, message }) => (
            <li key={`${rule} ${subject} ${message}`}>
              {rule}: <Text of={`${subject}: ${message}`} />
            </li>
          ))}
        </ul>
      )}
      {checked.is === 'failed' && <Problem error={checked.error} />}
    </>
  );
}
