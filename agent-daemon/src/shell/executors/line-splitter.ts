import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a byte stream into lines of bounded length: what exceeds the bound is dropped up to the next line break, so
 * that a stream without any cannot grow in memory.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #open = '';
  #overlong = false;

  constructor(
    private readonly maxChars: number,
    private readonly onLine: (line: string) => void,
  ) {}

  push(chunk: Buffer): void {
    const parts = this.#decoder.write(chunk).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      this.#extend(part);
      this.#emit();
    }
    this.#extend(last);
  }

  /** Gives out a last line that has no line break. */
  end(): void {
    this.#extend(this.#decoder.end());
    if (this.#open !== '') this.#emit();
  }

  #extend(text: string): void {
    if (this.#overlong) return;
    this.#open += text;
    if (this.#open.length <= this.maxChars) return;
    this.#open = `${this.#open.slice(0, this.maxChars - 1)}…`;
    this.#overlong = true;
  }

  #emit(): void {
    const line = this.#open.endsWith('\r') ? this.#open.slice(0, -1) : this.#open;
    this.#open = '';
    this.#overlong = false;
    this.onLine(line);
  }
}
