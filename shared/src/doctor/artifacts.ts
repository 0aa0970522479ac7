import type { Check } from './check.js';

/** What a doctor can find about the artifact store. */
export const ARTIFACTS = {
  by: ['coordinator', 'gatekeeper'],
  looksAt:
    'the artifact store, when the configuration names one: whether it answers and, for a coordinator, can be written',
  problems: {
    unavailable: {
      level: 'warning',
      what: 'it does not answer, refuses what is asked, or has other bytes than were put there',
      advice:
        'Check its place in the configuration and the credentials in the environment. Runs go on and pay without it; what is missing is stored by running the same command again.',
    },
  },
} as const satisfies Check;
