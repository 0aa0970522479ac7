import { getAccount } from './account.js';
import { listAccountTokens } from './account-tokens.js';
import { listAccounts } from './accounts.js';
import { listBalances } from './balances.js';
import { listCryptoAllowances } from './crypto-allowances.js';
import { getExchangeRate } from './network-exchange-rate.js';
import { estimateFee, listFees } from './network-fees.js';
import { listNodes } from './network-nodes.js';
import { getSupply } from './network-supply.js';
import type { Resource } from './resource.js';
import { getSchedule, listSchedules } from './schedules.js';
import { getToken } from './token.js';
import { listTokenAllowances } from './token-allowances.js';
import { listTokenBalances } from './token-balances.js';
import { listTokens } from './tokens.js';
import { getTopic } from './topic.js';
import { getMessageByTimestamp, getTopicMessage } from './topic-message.js';
import { listTopicMessages } from './topic-messages.js';
import { getTransaction } from './transaction.js';
import { listTransactions } from './transactions.js';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** Below /api/v1; `:name` is a parameter. */
  readonly path: string;
  readonly resource: Resource;
  /** Seconds for Cache-Control. */
  readonly maxAgeSeconds: number;
}

/** Every resource with its time of caching on the public mirror nodes. */
export const ROUTES: readonly Route[] = [
  get('/accounts', listAccounts, 10),
  get('/accounts/:id', getAccount, 2),
  get('/accounts/:id/tokens', listAccountTokens, 1),
  get('/accounts/:id/allowances/crypto', listCryptoAllowances, 1),
  get('/accounts/:id/allowances/tokens', listTokenAllowances, 1),
  get('/balances', listBalances, 1),
  get('/tokens', listTokens, 1),
  get('/tokens/:id', getToken, 5),
  get('/tokens/:id/balances', listTokenBalances, 1),
  get('/topics/:id', getTopic, 5),
  get('/topics/:id/messages', listTopicMessages, 1),
  get('/topics/:id/messages/:sequence', getTopicMessage, 600),
  get('/topics/messages/:timestamp', getMessageByTimestamp, 600),
  get('/transactions', listTransactions, 2),
  get('/transactions/:id', getTransaction, 2),
  get('/schedules', listSchedules, 10),
  get('/schedules/:id', getSchedule, 10),
  get('/network/nodes', listNodes, 5),
  get('/network/fees', listFees, 5),
  get('/network/exchangerate', getExchangeRate, 5),
  get('/network/supply', getSupply, 5),
  { method: 'POST', path: '/network/fees', resource: estimateFee, maxAgeSeconds: 0 },
];

function get(path: string, resource: Resource, maxAgeSeconds: number): Route {
  return { method: 'GET', path, resource, maxAgeSeconds };
}
