/** How often an agent that works renews its lease unless its configuration says otherwise, milliseconds. */
export const USUAL_LEASE_INTERVAL_MS = 30_000;
