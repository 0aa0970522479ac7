import { once } from 'node:events';
import type { ProvidePlanResponse } from '@gatepost/proto/gen/gatepost/gatekeeper/v1/gatekeeper';
import type { Plan } from '@gatepost/rules/plan/plan';
import { portablePlan } from '@gatepost/rules/plan/source';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';
import { MAX_CHUNK_BYTES } from '@gatepost/shared/vocabulary/session-bounds';
import { Metadata } from '@grpc/grpc-js';
import type { OpenGatekeeper } from './open-gatekeeper.js';

/** Metadata that shows who has registered. */
export function sessionMetadata({ sessionToken }: OpenGatekeeper): Metadata {
  const metadata = new Metadata();
  metadata.set('gatepost-session', sessionToken);
  return metadata;
}

/**
 * Hands a run's plan over; the gatekeeper compiles it itself.
 * @throws GatepostError INTERNAL when it makes another plan of it, or what the call ends with.
 */
export async function handOverPlan(gatekeeper: OpenGatekeeper, run: string, plan: Plan): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(portablePlan(plan)), 'utf8');
  let settle: (error: Error | null, response?: ProvidePlanResponse) => void = () => undefined;
  const answer = new Promise<ProvidePlanResponse>((resolve, reject) => {
    settle = (error, response) => {
      if (error !== null || response === undefined) reject(error ?? new Error('no answer'));
      else resolve(response);
    };
  });
  const call = gatekeeper.client.providePlan(sessionMetadata(gatekeeper), (error, response) => settle(error, response));
  for (let offset = 0; offset < bytes.length; offset += MAX_CHUNK_BYTES) {
    const flowing = call.write({ run, data: bytes.subarray(offset, offset + MAX_CHUNK_BYTES) });
    if (!flowing) await Promise.race([once(call, 'drain'), answer]);
  }
  call.end();
  const digest = Buffer.from((await answer).planSha256).toString('hex');
  if (digest === plan.digest) return;
  throw new GatepostError('INTERNAL', `the gatekeeper makes plan ${digest} of ${plan.digest}`, { run });
}
