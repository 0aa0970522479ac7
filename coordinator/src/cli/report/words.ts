import type { Change } from '@gatepost/rules/run/change';
import type { Linked } from '@gatepost/shared/vocabulary/explorer';
import { allPrintable, printable } from '@gatepost/shared/vocabulary/printable';
import { formatDurationMs } from '@gatepost/shared/vocabulary/time';
import type { Wait } from '../../shell/run/waits.js';

const because = (reason: string | undefined): string => (reason === undefined || reason === '' ? '' : `: ${reason}`);

/** The transfer where it can be looked up. */
function by(transfer: string | undefined, linked: Linked): string {
  const shown = transfer === undefined ? transfer : linked('transaction', transfer);
  return shown === transfer ? '' : ` by ${shown}`;
}

/** A wait as a line of text. */
export const waitInWords = ({ whom, what, sinceMs }: Wait, nowMs: number): string =>
  printable(`waiting for ${whom} for ${formatDurationMs(nowMs - sinceMs)} ${what}`);

/** Progress of an attempt as its agent tells it; the fraction is negative when unknown. */
export const progressInWords = (fraction: number, message: string): string =>
  `${fraction >= 0 ? `${Math.round(fraction * 100)} % ` : ''}${printable(message)}`;

/** A change as a line of text; undefined for what nobody needs to read. */
export function inWords(hostile: Change, linked: Linked): string | undefined {
  const change = allPrintable(hostile);
  switch (change.event) {
    case 'run_opened':
      return 'run opened';
    case 'assigned':
      return `${change.task}  assigned to ${change.agent} (attempt ${change.attempt})`;
    case 'started':
      return `${change.task}  started by ${change.agent}`;
    case 'result':
      return `${change.task}  ${change.outcome === 'ok' ? 'result' : 'failure'} from ${change.agent}${because(change.reason)}`;
    case 'verdict':
      return `${change.task}  accepted by ${change.gate}${because(change.reason)}`;
    case 'rejected':
      return `${change.task}  rejected by ${change.gate}${because(change.reason)}`;
    case 'settled':
      return `${change.task}  paid ${change.amount} to ${change.agent}${by(change.transfer, linked)}`;
    case 'disputed':
      return `${change.task}  disputed by ${change.by}${because(change.reason)}`;
    case 'decided':
      return `${change.task}  the arbiter decided ${change.pay ? 'to pay it' : 'not to pay it'}${because(change.reason)}`;
    case 'failed':
    case 'blocked':
    case 'cancelled':
      return `${change.task}  ${change.event}${because(change.reason)}`;
    case 'agent':
      return `agent ${change.agent} is ${change.life}`;
    case 'gatekeeper':
      return `the gatekeeper is ${change.life}`;
    case 'run_closed':
      return `run closed: ${change.outcome}`;
    case 'epoch':
    case 'ignored':
      return undefined;
  }
}
