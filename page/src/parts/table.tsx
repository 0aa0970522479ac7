import type { ComponentChildren } from 'preact';
import { Scroll } from './scroll.js';

interface TableProps {
  readonly label: string;
  readonly head: readonly string[];
  /** Rows of a body. */
  readonly children: ComponentChildren;
}

/** A table that scrolls sideways by itself where it is too wide. */
export const Table = ({ label, head, children }: TableProps) => (
  <Scroll kind="scroll" label={label}>
    <table>
      <thead>
        <tr>
          {head.map((word) => (
            <th key={word} scope="col">
              {word}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </Scroll>
);
