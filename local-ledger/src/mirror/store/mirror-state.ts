import type { Account, EntityNum, Nanos, Schedule, Token, TokenRelation, Topic } from '../../core/model.js';
import type { EntityChange, RecordItem } from '../../core/record-item.js';
import { AllowanceBook } from './allowance-book.js';
import { MessageLog } from './message-log.js';
import { SortedIds } from './sorted-ids.js';
import { TransactionLog } from './transaction-log.js';

/** What the mirror calls the kind of an entity. */
export type EntityKind = 'ACCOUNT' | 'TOPIC' | 'TOKEN' | 'SCHEDULE';

/** An account with the time its balance last changed. */
export interface AccountView {
  readonly account: Account;
  readonly balanceTimestamp: Nanos;
}

/** The custom fees of a token and since when it had them. */
type TokenFees = Pick<Token, 'customFees' | 'customFeesSince'>;

/** An entity with the consensus timestamp of its last change. */
export interface Dated<T> {
  readonly value: T;
  readonly since: Nanos;
}

/**
 * The mirror's own picture of the network: a fold over RecordItems in consensus order. It knows nothing of the
 * consensus side but these items, and nothing of time but their timestamps.
 */
export class MirrorState {
  readonly messages = new MessageLog();
  readonly transactions = new TransactionLog();
  readonly allowances = new AllowanceBook();
  readonly accountIds = new SortedIds();
  readonly tokenIds = new SortedIds();
  readonly scheduleIds = new SortedIds();
  readonly #accounts = new Map<EntityNum, AccountView>();
  readonly #topics = new Map<EntityNum, Dated<Topic>>();
  readonly #tokens = new Map<EntityNum, Dated<Token>>();
  /** Custom fees that tokens had before their present ones, oldest first. */
  readonly #formerFees = new Map<EntityNum, TokenFees[]>();
  readonly #schedules = new Map<EntityNum, Schedule>();
  readonly #tokensOf = new Map<EntityNum, Map<EntityNum, Dated<TokenRelation>>>();
  readonly #holdersOf = new Map<EntityNum, SortedIds>();
  readonly #byEvmAddress = new Map<string, EntityNum>();
  readonly #byAlias = new Map<string, EntityNum>();
  #latest: Nanos = 0n;

  /** Consensus timestamp of the newest item, 0 before the first. */
  get latest(): Nanos {
    return this.#latest;
  }

  /** Consensus timestamp of the first item, 0 before it. */
  get first(): Nanos {
    return this.transactions.count === 0 ? 0n : this.transactions.head(0).consensusTimestamp;
  }

  /** Takes in the next item; items come in ascending order of consensus timestamp. */
  apply(item: RecordItem): void {
    this.#latest = item.consensusTimestamp;
    for (const change of item.changes) this.#change(change, item.consensusTimestamp);
    if (item.message !== undefined) this.messages.append(item.message);
    this.transactions.append(item);
  }

  account(num: EntityNum): AccountView | undefined {
    return this.#accounts.get(num);
  }

  topic(num: EntityNum): Dated<Topic> | undefined {
    return this.#topics.get(num);
  }

  token(num: EntityNum): Token | undefined {
    return this.#tokens.get(num)?.value;
  }

  /** The custom fees that a token had at a time. */
  tokenFeesAt({ num, customFees, customFeesSince }: Token, at: Nanos): TokenFees {
    const all = [...(this.#formerFees.get(num) ?? []), { customFees, customFeesSince }];
    return all.findLast((fees) => fees.customFeesSince <= at) ?? { customFees: [], customFeesSince };
  }

  /** When the token last changed in any way, its supply included; 0 for none. */
  tokenModified(num: EntityNum): Nanos {
    return this.#tokens.get(num)?.since ?? 0n;
  }

  schedule(num: EntityNum): Schedule | undefined {
    return this.#schedules.get(num);
  }

  /** Relations of an account by token. */
  relationsOf(account: EntityNum): ReadonlyMap<EntityNum, Dated<TokenRelation>> {
    return this.#tokensOf.get(account) ?? new Map();
  }

  /** Accounts associated with a token. */
  holdersOf(token: EntityNum): SortedIds {
    return this.#holdersOf.get(token) ?? new SortedIds();
  }

  /** Account with this EVM address or EVM-address alias: 40 lower-case hex digits without prefix. */
  accountByEvmAddress(hex: string): EntityNum | undefined {
    return this.#byEvmAddress.get(hex);
  }

  /** Account with this alias, given as lower-case hex. */
  accountByAlias(hex: string): EntityNum | undefined {
    return this.#byAlias.get(hex);
  }

  kindOf(num: EntityNum): EntityKind | undefined {
    if (this.#accounts.has(num)) return 'ACCOUNT';
    if (this.#topics.has(num)) return 'TOPIC';
    if (this.#tokens.has(num)) return 'TOKEN';
    return this.#schedules.has(num) ? 'SCHEDULE' : undefined;
  }

  #setToken(token: Token, at: Nanos): void {
    const before = this.#tokens.get(token.num)?.value;
    if (before !== undefined && before.customFeesSince !== token.customFeesSince) {
      const { customFees, customFeesSince } = before;
      this.#formerFees.set(token.num, [...(this.#formerFees.get(token.num) ?? []), { customFees, customFeesSince }]);
    }
    this.#tokens.set(token.num, { value: token, since: at });
    this.tokenIds.add(token.num);
  }

  #change(change: EntityChange, at: Nanos): void {
    switch (change.kind) {
      case 'account':
        this.#setAccount(change.account, at);
        break;
      case 'topic':
        this.#topics.set(change.topic.num, this.#dated(this.#topics.get(change.topic.num), change.topic, at));
        break;
      case 'token':
        this.#setToken(change.token, at);
        break;
      case 'relation':
        this.#setRelation(change.relation, at);
        break;
      case 'relation-removed':
        this.#tokensOf.get(change.account)?.delete(change.token);
        this.#holdersOf.get(change.token)?.delete(change.account);
        break;
      case 'allowance':
        this.allowances.set(change.allowance);
        break;
      case 'allowance-removed':
        this.allowances.remove(change.allowance);
        break;
      case 'schedule':
        this.#schedules.set(change.schedule.num, change.schedule);
        this.scheduleIds.add(change.schedule.num);
        break;
    }
  }

  /** A message changes sequence number and hash, which are no properties of the entity on the mirror. */
  #dated(before: Dated<Topic> | undefined, value: Topic, at: Nanos): Dated<Topic> {
    const onlyMessage = before !== undefined && before.value.sequenceNumber !== value.sequenceNumber;
    return { value, since: onlyMessage ? before.since : at };
  }

  #setAccount(account: Account, at: Nanos): void {
    const before = this.#accounts.get(account.num);
    const sameBalance = before !== undefined && before.account.balance === account.balance;
    this.#accounts.set(account.num, { account, balanceTimestamp: sameBalance ? before.balanceTimestamp : at });
    this.accountIds.add(account.num);
    if (account.deleted) return;
    // The first owner keeps the name: an alias is never given to a second live account.
    if (account.evmAddress !== undefined) this.#byEvmAddress.set(hexOf(account.evmAddress), account.num);
    if (account.alias !== undefined) {
      this.#byAlias.set(hexOf(account.alias), account.num);
      if (account.alias.length === 20) this.#byEvmAddress.set(hexOf(account.alias), account.num);
    }
  }

  #setRelation(relation: TokenRelation, at: Nanos): void {
    let tokens = this.#tokensOf.get(relation.account);
    if (tokens === undefined) {
      tokens = new Map();
      this.#tokensOf.set(relation.account, tokens);
    }
    const before = tokens.get(relation.token);
    const sameBalance = before !== undefined && before.value.balance === relation.balance;
    tokens.set(relation.token, { value: relation, since: sameBalance ? before.since : at });
    let holders = this.#holdersOf.get(relation.token);
    if (holders === undefined) {
      holders = new SortedIds();
      this.#holdersOf.set(relation.token, holders);
    }
    holders.add(relation.account);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
