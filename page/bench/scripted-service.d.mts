import type { ReportDocument } from '@gatepost/coordinator/core/report/document';

/** The one token that it knows. */
export const TOKEN: string;

/** A service in the form of docs/serve.md that does what it is told. */
export class ScriptedService {
  static start(page: string, report: ReportDocument | undefined): Promise<ScriptedService>;
  readonly url: string;
  /** What it was asked for but the page, with the body. */
  readonly asked: { readonly method: string; readonly path: string; readonly body: string }[];
  report: ReportDocument | undefined;
  roles: readonly string[];
  /** What it lists. */
  runs: readonly object[];
  /** Answered once to the next word of a person instead of taking it. */
  refusal: { readonly status: number; readonly error: object } | undefined;
  /** Nothing is answered but 503. */
  isDown: boolean;
  /** Tells all streams of an event. */
  tell(event: string, run?: string, task?: string): void;
  /** Breaks all streams; as another process when it began anew. */
  breakOff(beganAnew?: boolean): void;
  close(): Promise<void>;
}
