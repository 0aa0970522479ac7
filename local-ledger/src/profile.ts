import { type MirrorLag, NO_LAG, TESTNET_LAG } from './mirror/ingest.js';

/** How fast the network is: `instant` as fast as it can, `testnet` as slow as the public one. */
export type ProfileName = 'instant' | 'testnet';

export interface Profile {
  /** Milliseconds from acceptance to consensus, for one transaction. */
  readonly consensusDelayMs: () => number;
  /** From consensus to the mirror. */
  readonly mirrorLag: MirrorLag;
}

/** Fastest and slowest consensus in the testnet profile, in milliseconds. */
const TESTNET_DELAY_MS = { least: 1_800, most: 3_200 } as const;

export const profiles: Readonly<Record<ProfileName, Profile>> = {
  instant: { consensusDelayMs: () => 0, mirrorLag: NO_LAG },
  testnet: {
    consensusDelayMs: () => {
      const { least, most } = TESTNET_DELAY_MS;
      return least + Math.random() * (most - least);
    },
    mirrorLag: TESTNET_LAG,
  },
};
