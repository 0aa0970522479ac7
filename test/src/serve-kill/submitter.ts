import { setTimeout as sleep } from 'node:timers/promises';

/** What a submission was answered with. */
interface Answer {
  readonly run: string;
  readonly is_new: boolean;
}

/** Somebody who submits one plan, and sends it again until it is acknowledged. */
export interface Acknowledged {
  readonly key: string;
  readonly run: string;
  /** It had been taken before, by a process that was killed before its answer came. */
  readonly wasTakenBefore: boolean;
}

const PAUSE_MS = 50;

/** @throws Error when it is refused, which no kill may lead to. */
export async function submitUntilAcknowledged(
  http: string,
  token: string,
  key: string,
  plan: string,
): Promise<Acknowledged> {
  for (;;) {
    const response = await ask(`${http}/v1/runs`, {
      method: 'POST',
      body: plan,
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    });
    if (response?.ok === true) {
      const { run, is_new: isNew } = response.body as Answer;
      return { key, run, wasTakenBefore: !isNew };
    }
    if (response !== undefined && response.status < 500 && response.status !== 429) {
      throw new Error(`${key} was refused: ${response.status} ${JSON.stringify(response.body)}`);
    }
    await sleep(PAUSE_MS);
  }
}

/** An answer; undefined when there was none, or half of one. */
export async function ask(
  url: string,
  init: RequestInit,
): Promise<{ readonly ok: boolean; readonly status: number; readonly body: unknown } | undefined> {
  try {
    const response = await fetch(url, init);
    return { ok: response.ok, status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}
