import { createRequire } from 'node:module';
import type * as Sdk from '@hashgraph/sdk';

/**
 * The SDK in its CommonJS form, the one way in which it is loaded: as ES modules, several hundred files, it takes the
 * processor nearly twice as long, and both forms in one process would have two classes of each name.
 */
export const sdk = createRequire(import.meta.url)('@hashgraph/sdk') as typeof Sdk;
