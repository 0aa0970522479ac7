import { printable, printableLines } from '@gatepost/shared/vocabulary/printable';
import { Scroll } from './scroll.js';

/** A text that is not the page's own: shown as it is, on one line, with a direction of its own. */
export const Text = ({ of }: { readonly of: string }) => <bdi>{printable(of)}</bdi>;

/** Several such lines. */
export const Lines = ({ of, label }: { readonly of: string; readonly label: string }) => (
  <Scroll kind="lines" label={label}>
    <pre dir="auto">{printableLines(of)}</pre>
  </Scroll>
);
