import { Key } from '@gatepost/local-ledger/gen/services_basic_types';
import { hex } from '../bytes.js';
import type { Schedule } from '../model.js';

/** The parts of a schedule that make two schedules identical (HIP-423); payer and creator are not among them. */
export type ScheduleContent = Pick<
  Schedule,
  'waitForExpiry' | 'expiry' | 'expiryExplicit' | 'memo' | 'adminKey' | 'body'
>;

/** The content as a map key. An expiry that the creator did not name does not count. */
export function scheduleContent({
  waitForExpiry,
  expiry,
  expiryExplicit,
  memo,
  adminKey,
  body,
}: ScheduleContent): string {
  const admin = adminKey === undefined ? '' : hex(Key.encode(adminKey).finish());
  return JSON.stringify([waitForExpiry, expiryExplicit ? `${expiry}` : '', memo, admin, hex(body)]);
}
