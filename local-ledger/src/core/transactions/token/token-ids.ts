import type { TokenID } from '@gatepost/local-ledger/gen/services_basic_types';
import { demand, Status } from '../../status.js';

/** Refuses a list that names a token twice. */
export function checkTokenIds(tokens: readonly TokenID[]): void {
  const names = new Set(tokens.map(({ shardNum, realmNum, tokenNum }) => `${shardNum}.${realmNum}.${tokenNum}`));
  demand(names.size === tokens.length, Status.TOKEN_ID_REPEATED_IN_TOKEN_LIST);
}
