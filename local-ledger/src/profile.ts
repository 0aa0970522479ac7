import { type MirrorLag, NO_LAG, TESTNET_LAG } from './mirror/ingest.js';

/** How fast the network is: `instant` as fast as it can; `testnet` as slow as the public one, and it refuses what that refuses. */
export type ProfileName = 'instant' | 'testnet';

export interface Profile {
  /** Milliseconds from acceptance to consensus, for one transaction. */
  readonly consensusDelayMs: () => number;
  /** From consensus to the mirror. */
  readonly mirrorLag: MirrorLag;
  /** Whether transactions beyond the network's throttles are refused with BUSY. */
  readonly isThrottled: boolean;
  /** REST requests that the mirror answers an address in a second; any number when left out. */
  readonly restPerSecond?: number;
}

/** REST requests that the public mirrors answer an address in a second. */
const TESTNET_REST_PER_SECOND = 50;

/** Fastest and slowest consensus in the testnet profile, in milliseconds. */
const TESTNET_DELAY_MS = { least: 1_800, most: 3_200 } as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  instant: { consensusDelayMs: () => 0, mirrorLag: NO_LAG, isThrottled: false },
  testnet: {
    consensusDelayMs: () => {
      const { least, most } = TESTNET_DELAY_MS;
      return least + Math.random() * (most - least);
    },
    mirrorLag: TESTNET_LAG,
    isThrottled: true,
    restPerSecond: TESTNET_REST_PER_SECOND,
  },
};
