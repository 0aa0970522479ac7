import type { Report } from '@gatepost/rules/verify/verify';
import { fromTinybar, usdOf } from '@gatepost/shared/vocabulary/fees';
import type { UsageTotal } from './attempt-usage.js';
import type { RunBill } from './bill-evidence.js';

/** A bill for machines. */
export function billAsJson({ bill, rate }: RunBill, usage: UsageTotal | undefined): object {
  const { customFees, ...billed } = bill;
  return {
    ...billed,
    custom_fees: customFees,
    usd: usdOf(fromTinybar(bill.tinybar, rate)),
    rate,
    ...(usage === undefined ? {} : { reported_usage: usage }),
  };
}

/** What verify found, for machines. */
export const verifyAsJson = (report: Report) => ({ ...report, ignored: Object.fromEntries(report.ignored) });
