import type { TokenAmount } from '@gatepost/shared/vocabulary/amount';
import type { AccountId } from '@gatepost/shared/vocabulary/ids';

/** What a record changed, for whoever watches; never an input of the fold. */
export type Change =
  | { readonly event: 'run_opened' }
  | { readonly event: 'assigned'; readonly task: string; readonly attempt: number; readonly agent: AccountId }
  | { readonly event: 'started'; readonly task: string; readonly attempt: number; readonly agent: AccountId }
  | {
      readonly event: 'result';
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly outcome: 'ok' | 'failed';
      readonly reason: string | undefined;
    }
  | {
      readonly event: 'verdict' | 'rejected';
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId | undefined;
      readonly accepted: boolean;
      readonly gate: string;
      readonly reason: string;
    }
  | {
      readonly event: 'settled';
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly amount: TokenAmount;
      readonly transfer: string | undefined;
    }
  | {
      readonly event: 'disputed';
      readonly task: string;
      readonly attempt: number;
      readonly by: AccountId;
      readonly reason: string;
    }
  | {
      readonly event: 'decided';
      readonly task: string;
      readonly attempt: number;
      readonly agent: AccountId;
      readonly pay: boolean;
      readonly reason: string;
    }
  | { readonly event: 'failed' | 'blocked' | 'cancelled'; readonly task: string; readonly reason: string }
  | { readonly event: 'agent'; readonly agent: AccountId; readonly life: string }
  | { readonly event: 'gatekeeper'; readonly life: 'online' | 'offline' }
  | { readonly event: 'epoch'; readonly instance: string }
  | { readonly event: 'run_closed'; readonly outcome: 'complete' | 'failed' | 'cancelled' }
  | { readonly event: 'ignored'; readonly reason: string };

export type Emit = (change: Change) => void;
