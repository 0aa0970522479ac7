import { mergeConfig } from 'vitest/config';
import config from './vitest.config.js';

/** The tests that install what is packed: minutes of npm, and none of our sources. */
export default mergeConfig(
  { ...config, test: { ...config.test, include: [] } },
  { test: { include: ['test/packages/**/*.test.ts'], globalSetup: 'test/packages/pack.ts' } },
);
