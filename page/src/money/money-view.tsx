import { Id } from '../parts/ledger.js';
import { Table } from '../parts/table.js';
import { Text } from '../parts/text.js';
import type { ReportedRun } from '../report.js';
import { dollars, grouped, hbar } from '../words.js';

/** What a run paid and cost, in all, by account and by day. */
export function MoneyView({ run }: { readonly run: ReportedRun }) {
  const { money } = run;
  const usd = (tinybar: string) => dollars(tinybar, money.usd_per_hbar);
  const spent = (Number(money.fees) / 1e8) * money.usd_per_hbar;
  return (
    <>
      <dl class="sums">
        <dt>Token</dt>
        <dd>
          <Id kind="token" id={money.token} />
        </dd>
        <dt>Paid to agents</dt>
        <dd>
          {grouped(money.paid)}
          {money.max_total !== undefined && (
            <>
              {' '}
              of at most {grouped(money.max_total)}
              <Share label="Paid of the budget" of={Number(money.paid)} most={Number(money.max_total)} />
            </>
          )}
        </dd>
        <dt>Network fees</dt>
        <dd>
          {hbar(money.fees)}, {usd(money.fees)}
          {money.max_fees_usd !== undefined && (
            <>
              {' '}
              of at most ${money.max_fees_usd}
              <Share label="Fees of their limit" of={spent} most={money.max_fees_usd} />
            </>
          )}
        </dd>
        <dt>Fees of no task</dt>
        <dd>
          {hbar(money.overhead)}, {usd(money.overhead)}
        </dd>
        {money.custom_fees.map(({ unit, collector, amount }) => (
          <>
            <dt>Custom fee</dt>
            <dd>
              {grouped(amount)} of <Text of={unit} /> to <Id kind="account" id={collector} />
            </dd>
          </>
        ))}
      </dl>
      <h3>By account</h3>
      <Table label="Money by account" head={['Account', 'Part', 'Received', 'Fees', 'USD', 'Transactions', 'Failed']}>
        {money.accounts.map(({ account, received, fees, transactions, failed }) => (
          <tr key={account}>
            <th scope="row">
              <Id kind="account" id={account} />
            </th>
            <td>{account === run.coordinator ? 'coordinator' : 'agent'}</td>
            <td class="number">{grouped(received)}</td>
            <td class="number">{hbar(fees)}</td>
            <td class="number">{usd(fees)}</td>
            <td class="number">{transactions}</td>
            <td class="number">{failed}</td>
          </tr>
        ))}
      </Table>
      <h3>By day</h3>
      <Table label="Money by day" head={['Day (UTC)', 'Paid', 'Fees', 'USD']}>
        {money.days.map(({ day, paid, fees }) => (
          <tr key={day}>
            <th scope="row">{day}</th>
            <td class="number">{grouped(paid)}</td>
            <td class="number">{hbar(fees)}</td>
            <td class="number">{usd(fees)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

const Share = ({ label, of, most }: { readonly label: string; readonly of: number; readonly most: number }) => (
  <meter aria-label={label} min={0} max={Math.max(most, 1e-9)} value={of} />
);
