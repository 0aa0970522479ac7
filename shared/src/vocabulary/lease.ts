/** How often work makes an agent renew its lease unless its configuration says otherwise, milliseconds. */
export const USUAL_LEASE_INTERVAL_MS = 3_600_000;

/** How often an agent without work renews its lease unless its configuration says otherwise, milliseconds. */
export const USUAL_IDLE_LEASE_INTERVAL_MS = 6 * USUAL_LEASE_INTERVAL_MS;

/** With which the memo of a lease's schedule begins, by which it is recognised. */
export const LEASE_MEMO = 'gatepost lease';
