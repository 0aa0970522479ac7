import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout: where package.json, examples/ and node_modules/ are. */
export const CHECKOUT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
