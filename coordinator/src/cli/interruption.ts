import { stopController } from '@gatepost/shared/stop-controller';
import { GatepostError } from '@gatepost/shared/vocabulary/errors';

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = stopController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(new GatepostError('INTERRUPTED', '').exitCode);
      controller.abort();
    });
  }
  return controller.signal;
}
