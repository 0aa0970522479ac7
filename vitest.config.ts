import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';
import { WholeSystemFirst } from './test/reporters/whole-system-first.js';

// What is meant for bundlers is not what Node.js loads.
const ofNode = defaultServerConditions.filter((condition) => condition !== 'module');
const conditions = ['gatepost-source', ...ofNode];

export default defineConfig({
  // The form of the SDK that the product loads (shared/src/hedera/sdk.ts): a test that uses it knows its classes.
  resolve: { conditions, alias: { '@hashgraph/sdk': createRequire(import.meta.url).resolve('@hashgraph/sdk') } },
  ssr: { resolve: { conditions } },
  test: {
    include: ['*/test/**/*.test.ts', 'test/{e2e,escrow,foreign,chaos,simulation,architecture}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a test waits for comes when the machine lets it; a test's own limit is the one that counts.
    expect: { poll: { timeout: 20_000 } },
    // A third of what tests of real processes take is waiting.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    sequence: { sequencer: WholeSystemFirst },
    reporters: ['default', './test/reporters/closing-line.ts'],
  },
});
