import { keyOf } from '@gatepost/rules/run/attempt';
import { inboxKeyOf } from '@gatepost/rules/run/refused-assignment';
import type { TopicId } from '@gatepost/shared/vocabulary/ids';

/** Names an effect: while it is under way it is not asked for again. Made here and nowhere else. */
export type EffectKey = string & { readonly effect: never };

const made = (text: string): EffectKey => text as EffectKey;

export const OPEN_KEY = made('open');
export const BEACON_KEY = made('beacon');
export const CLOSE_KEY = made('close');
export const STOP_KEY = made('stop');

export const assignKey = (task: string, attempt: number): EffectKey => made(`assign:${keyOf(task, attempt)}`);
export const judgeKey = (task: string, attempt: number): EffectKey => made(`judge:${keyOf(task, attempt)}`);
export const verdictKey = (task: string, attempt: number): EffectKey => made(`verdict:${keyOf(task, attempt)}`);
/** One attempt may have been assigned on two inboxes, one of them without effect. */
export const cancelKey = (inbox: TopicId, task: string, attempt: number): EffectKey =>
  made(`cancel:${inboxKeyOf(inbox, task, attempt)}`);
/** One payment, whatever batch it is in. */
export const paymentKey = ({ task, attempt }: { readonly task: string; readonly attempt: number }): EffectKey =>
  made(`pay:${keyOf(task, attempt)}`);

/** Whether an effect is what gates think about, of which no record comes. */
export const isJudging = (key: EffectKey): boolean => key.startsWith('judge:');
