import type { AnyRecord, RecordOf } from '@gatepost/shared/records/schema';
import { canonicalJson, sha256 } from '@gatepost/shared/vocabulary/digest';

export type { AnyRecord };

/** A work order and the record that assigns it. */
export interface AssignedWork {
  readonly bytes: Buffer;
  readonly record: RecordOf<'assign'>;
}

export interface WorkOptions {
  readonly task: string;
  readonly attempt?: number;
  readonly type?: string;
  readonly input?: unknown;
  readonly inline?: boolean;
  readonly deadlineMs?: number;
  /** That of a hosted daemon when left out. */
  readonly token?: string;
}

/** Makes a work order and its assignment. */
export function work({
  task,
  attempt = 1,
  type = 'echo',
  input = null,
  inline = false,
  deadlineMs,
  token = '0.0.40',
}: WorkOptions): AssignedWork {
  const text = canonicalJson({ input });
  const bytes = Buffer.from(text, 'utf8');
  return {
    bytes,
    record: {
      type: 'assign',
      task,
      attempt,
      task_type: type,
      input_sha256: sha256(bytes),
      input_size: bytes.length,
      ...(inline ? { input: JSON.parse(text) as unknown } : {}),
      deadline_ms: deadlineMs ?? Date.now() + 60_000,
      price: '10',
      token,
    },
  };
}
