import type { ReportedOutput } from './document.js';
import type { DeliveredOutput } from './tasks.js';

/** Most bytes of one output that a report shows. */
export const MAX_SHOWN_OUTPUT = 4_096;

/** Most bytes of outputs that a report shows in all; what comes after is not shown. */
export const MAX_SHOWN_OUTPUTS = 8_388_608;

/**
 * Shows the beginnings of outputs, as much as the bounds allow.
 * @param kept the bytes of an output, when they are at hand.
 */
export class OutputPreviews {
  #left = MAX_SHOWN_OUTPUTS;

  show({ sha256, size }: DeliveredOutput, kept: Uint8Array | undefined): ReportedOutput {
    const about = { sha256, size };
    const room = Math.min(MAX_SHOWN_OUTPUT, this.#left);
    if (kept === undefined || (room === 0 && kept.length > 0)) return { ...about, shown: 'not_here' };
    const whole = kept.length <= room;
    const text = textOf(kept.subarray(0, room), whole);
    if (text === undefined) return { ...about, shown: 'not_text' };
    this.#left -= Math.min(kept.length, room);
    return { ...about, shown: whole ? 'whole' : 'beginning', text };
  }
}

/** UTF-8 text; of a beginning, a last character may be cut through. */
function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}
