import type { FastifyInstance } from 'fastify';
import { type ControlOptions, required } from './options.js';
import type { CreatedAccount } from './ports.js';

interface Request {
  readonly count: number;
  readonly balance_hbar: number;
  readonly max_automatic_token_associations: number;
}

const TINYBAR_PER_HBAR = 100_000_000;
const MAX_COUNT = 1000;

const BODY = {
  type: 'object',
  additionalProperties: false,
  properties: {
    count: { type: 'integer', minimum: 1, maximum: MAX_COUNT, default: 1 },
    balance_hbar: { type: 'number', minimum: 0, maximum: 50_000_000, default: 10_000 },
    max_automatic_token_associations: { type: 'integer', minimum: -1, maximum: 5000, default: -1 },
  },
} as const;

/** POST /accounts: new accounts with a balance and their keys, one after the other. */
export function addAccountRoutes(server: FastifyInstance, options: ControlOptions): void {
  server.post<{ Body: Request }>('/accounts', { schema: { body: BODY } }, async ({ body }) => {
    const create = required(options.createAccount, 'accounts');
    const accounts: object[] = [];
    for (let made = 0; made < body.count; made++) {
      accounts.push(
        show(
          await create({
            balance: BigInt(Math.round(body.balance_hbar * TINYBAR_PER_HBAR)),
            maxAutoAssociations: body.max_automatic_token_associations,
          }),
        ),
      );
    }
    return { accounts };
  });
}

function show(account: CreatedAccount): object {
  return { account_id: account.accountId, private_key: account.privateKey, public_key: account.publicKey };
}
