import type { ReportedOutput } from './document.js';
import type { DeliveredOutput } from './tasks.js';

/** Most bytes of one output that a report shows. */
export const MAX_SHOWN_OUTPUT = 4_096;

/** Most letters of what the executor of one attempt wrote that a report shows: the end of it. */
export const MAX_SHOWN_LOG = 4_096;

/** Most bytes of outputs and executors' lines that a report shows in all; what comes after is not shown. */
export const MAX_SHOWN_TEXTS = 8_388_608;

/** Shows the beginnings of outputs and the ends of logs, as much as the bounds allow. */
export class Previews {
  #left = MAX_SHOWN_TEXTS;

  /** @param kept the bytes of the output, when they are at hand. */
  output({ sha256, size }: DeliveredOutput, kept: Uint8Array | undefined): ReportedOutput {
    const about = { sha256, size };
    const room = Math.min(MAX_SHOWN_OUTPUT, this.#left);
    if (kept === undefined || (room === 0 && kept.length > 0)) return { ...about, shown: 'not_here' };
    const whole = kept.length <= room;
    const text = textOf(kept.subarray(0, room), whole);
    if (text === undefined) return { ...about, shown: 'not_text' };
    this.#left -= Math.min(kept.length, room);
    return { ...about, shown: whole ? 'whole' : 'beginning', text };
  }

  /** The end of what an executor wrote; undefined when there is nothing, or no room. */
  log(lines: readonly string[]): string | undefined {
    const text = endOf(lines, Math.min(MAX_SHOWN_LOG, this.#left));
    this.#left -= text.length;
    return text === '' ? undefined : text;
  }
}

/** The last lines that fit; of a longer line its beginning is left out. */
function endOf(lines: readonly string[], room: number): string {
  const text = lines.join('\n');
  if (text.length <= room) return text;
  const end = text.slice(text.length - room);
  const whole = end.indexOf('\n');
  return whole < 0 ? end : end.slice(whole + 1);
}

/** UTF-8 text; of a beginning, a last character may be cut through. */
function textOf(bytes: Uint8Array, whole: boolean): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: !whole });
  } catch {
    return undefined;
  }
}
