import type { ComponentChildren } from 'preact';

interface ScrollProps {
  readonly kind: 'scroll' | 'lines';
  readonly label: string;
  readonly children: ComponentChildren;
}

/** A region that scrolls by itself; the keyboard must be able to enter it for that. */
export const Scroll = ({ kind, label, children }: ScrollProps) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to take the focus
  <section class={kind} aria-label={label} tabIndex={0}>
    {children}
  </section>
);
