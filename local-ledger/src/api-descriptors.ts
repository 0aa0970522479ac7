import { createRequire } from 'node:module';

/** The compiled .proto files of the Hedera API, for server reflection. */
export const API_DESCRIPTORS = createRequire(import.meta.url).resolve('@gatepost/local-ledger/gen/api.binpb');
