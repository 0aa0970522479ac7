import { createRequire } from 'node:module';
import type * as Sdk from '@hashgraph/sdk';

/**
 * The SDK in its CommonJS form, the one way in which it is loaded: as ES modules its several hundred files take the
 * processor half as long again, and both forms in one process would have two classes of each name.
 */
export const sdk = createRequire(import.meta.url)('@hashgraph/sdk') as typeof Sdk;
