import { VerifyAgain } from '../live/verify-again.js';
import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ReportDocument } from '../report.js';

/** In one sentence what `verify` comes to. */
export function verdictOn({ holds, rules, findings }: ReportDocument['verification']): string {
  if (holds) return `All ${rules} rules hold: what was paid was paid once, and only after its gate accepted it.`;
  if (findings.length === 0) return 'There is no run to verify.';
  const violated = new Set(findings.map(({ rule }) => rule)).size;
  return `${violated} of ${rules} rules ${violated === 1 ? 'does' : 'do'} not hold; violations found: ${findings.length}.`;
}

interface VerifyViewProps {
  readonly verification: ReportDocument['verification'];
  /** The run that is looked at. */
  readonly run: string;
}

/** What `verify` found when the report was made. */
export function VerifyView({ verification, run }: VerifyViewProps) {
  const { findings, ignored } = verification;
  return (
    <>
      <p class="quiet">
        Found by whoever made this report, for all its runs. Anybody can check it again from the public ledger with
        gatepost coordinator verify.
      </p>
      <p>{verdictOn(verification)}</p>
      <VerifyAgain run={run} />
      {findings.length > 0 && (
        <Table label="Violations" head={['Rule', 'Run', 'What', 'Found', 'It holds when']}>
          {findings.map(({ rule, run = '', subject, message, holds_when }) => (
            <tr key={`${rule} ${run} ${subject} ${message}`}>
              <th scope="row">{rule}</th>
              <td>
                <Text of={run} />
              </td>
              <td>
                <Text of={subject} />
              </td>
              <td>
                <Text of={message} />
              </td>
              <td>{holds_when}</td>
            </tr>
          ))}
        </Table>
      )}
      {ignored.length > 0 && (
        <>
          <h3>Without effect</h3>
          <p class="quiet">Anybody may write to a journal; this was ignored.</p>
          <ul>
            {ignored.map(({ reason, times }) => (
              <li key={reason}>
                {times} × <Text of={reason} />
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
