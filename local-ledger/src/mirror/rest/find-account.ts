import { decodeBase32 } from '../format/base32.js';
import { isEntityId, longZeroNum, parseEntityId, parseEvmAddress } from '../format/entity-id.js';
import { invalidParameters, notFound } from '../query/http-error.js';
import type { AccountView, MirrorState } from '../store/mirror-state.js';

const ALIAS = /^(?:(?:\d{1,5}\.){0,2})([A-Z2-7]+)$/;
const NAME = 'idOrAliasOrEvmAddress';

/**
 * The account a path names by id, alias or EVM address. Throws HttpError 400 when the text is none of these,
 * 404 when there is no such account.
 */
export function findAccount(state: MirrorState, text: string): AccountView {
  const view = lookUpAccount(state, text);
  if (view === 'malformed') throw invalidParameters(NAME);
  if (view === undefined) throw notFound();
  return view;
}

/** Like findAccount, telling the outcome instead of throwing. */
export function lookUpAccount(state: MirrorState, text: string): AccountView | 'malformed' | undefined {
  if (isEntityId(text)) {
    const num = parseEntityId(text);
    return num === undefined ? 'malformed' : state.account(num);
  }
  const address = parseEvmAddress(text);
  if (address !== undefined) {
    const num = state.accountByEvmAddress(address) ?? longZeroNum(address);
    return num === undefined ? undefined : state.account(num);
  }
  const alias = ALIAS.exec(text)?.[1];
  const bytes = alias === undefined ? undefined : decodeBase32(alias);
  if (bytes === undefined) return 'malformed';
  const num = state.accountByAlias(Buffer.from(bytes).toString('hex'));
  return num === undefined ? undefined : state.account(num);
}
