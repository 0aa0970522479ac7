import { STATUSES, type Status } from '../words.js';

/** A task's state, by colour, mark and word. */
export const State = ({ of }: { readonly of: Status }) => (
  <span class={`state s-${of}`}>
    <i aria-hidden="true">{STATUSES[of].mark}</i>
    {STATUSES[of].word}
  </span>
);
