import { Beacon } from '@gatepost/coordinator/shell/run/beacon';
import type { TransactionId } from '@gatepost/shared/vocabulary/ids';
import type { Outcome } from '@gatepost/shared/vocabulary/outcome';
import { expect, it } from 'vitest';

const never = (why: string): Outcome => ({ kind: 'never', id: '0.0.2@1.000000000' as TransactionId, why });

it('is shared by all who ask before its record is folded, and by nobody after, whenever its answer comes', async () => {
  const answers: ((outcome: Outcome) => void)[] = [];
  const beacon = new Beacon(() => new Promise((resolve) => answers.push(resolve)));
  const [first, shared] = [beacon.ask(), beacon.ask()];
  expect(answers).toHaveLength(1);
  beacon.folded();
  const second = beacon.ask();
  expect(answers).toHaveLength(2);
  answers[0]?.(never('the first'));
  expect([await first, await shared]).toEqual([never('the first'), never('the first')]);
  // The answer to the first ends nothing of the second.
  expect(beacon.ask()).toBe(second);
  answers[1]?.(never('the second'));
  expect(await second).toEqual(never('the second'));
  void beacon.ask();
  expect(answers).toHaveLength(3);
});
