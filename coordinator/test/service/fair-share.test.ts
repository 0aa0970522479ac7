import { type Claim as Open, takeTurns } from '@gatepost/coordinator/core/service/fair-share';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** A claim of a run that could begin so many attempts. */
interface Claim extends Open {
  readonly wanted: number;
}

/** How many attempts each run begins. */
function shareOut(claims: readonly Claim[], free: number): ReadonlyMap<string, number> {
  const begun = new Map<string, number>();
  takeTurns(claims, free, (run) => {
    const before = begun.get(run) ?? 0;
    const could = before < (claims.find((claim) => claim.run === run)?.wanted ?? 0);
    if (could) begun.set(run, before + 1);
    return could;
  });
  return begun;
}

const anyClaims = fc
  .array(
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      open: fc.nat(20),
      mostOpen: fc.nat(30),
      wanted: fc.nat(30),
    }),
    { maxLength: 12 },
  )
  .map((claims): Claim[] => claims.map((claim, index) => ({ ...claim, run: `r${index}`, ordinal: index + 1 })));

const granted = (shares: ReadonlyMap<string, number>, { run }: Claim): number => shares.get(run) ?? 0;

/** Whether a run could use one slot more. */
const wantsMore = (claim: Claim, shares: ReadonlyMap<string, number>): boolean =>
  granted(shares, claim) < claim.wanted && claim.open + granted(shares, claim) < claim.mostOpen;

describe('slots are shared out', () => {
  it('within every bound, and none is left idle that somebody wants', () => {
    fc.assert(
      fc.property(anyClaims, fc.nat(200), (claims, free) => {
        const shares = shareOut(claims, free);
        const all = [...shares.values()].reduce((sum, share) => sum + share, 0);
        expect(all).toBeLessThanOrEqual(free);
        for (const claim of claims) {
          const share = granted(shares, claim);
          expect(share).toBeLessThanOrEqual(claim.wanted);
          if (share > 0) expect(claim.open + share).toBeLessThanOrEqual(claim.mostOpen);
          if (wantsMore(claim, shares)) expect(all).toBe(free);
        }
      }),
    );
  });

  it('to nobody while another that wants one has fewer for its weight', () => {
    fc.assert(
      fc.property(anyClaims, fc.nat(200), (claims, free) => {
        const shares = shareOut(claims, free);
        const under = (claim: Claim) => claim.open + granted(shares, claim);
        for (const rich of claims.filter((claim) => granted(shares, claim) > 0)) {
          for (const poor of claims.filter((claim) => claim !== rich && wantsMore(claim, shares))) {
            // Before it got its last one, it had no more for its weight than the other has now.
            expect((under(rich) - 1) * poor.weight).toBeLessThanOrEqual(under(poor) * rich.weight);
          }
        }
      }),
    );
  });

  it('alike, in whatever order the runs are listed', () => {
    fc.assert(
      fc.property(
        anyClaims.chain((claims) =>
          fc.tuple(fc.constant(claims), fc.shuffledSubarray(claims, { minLength: claims.length })),
        ),
        fc.nat(200),
        ([claims, shuffled], free) => {
          expect(new Map([...shareOut(shuffled, free)].sort())).toEqual(new Map([...shareOut(claims, free)].sort()));
        },
      ),
    );
  });
});

interface Job {
  readonly weight: number;
  /** Steps that each of its attempts takes. */
  readonly length: number;
  readonly attempts: number;
  /** Step at which it is submitted. */
  readonly from: number;
}

/** The steps after which the jobs are done, when slots are shared out anew in each step. */
function simulated(jobs: readonly Job[], slots: number): readonly number[] {
  const left = jobs.map(({ attempts }) => attempts);
  /** Steps that each attempt under way still takes. */
  const under = jobs.map((): number[] => []);
  const done = jobs.map(() => 0);
  for (let step = 0; left.some((count, index) => count > 0 || (under[index]?.length ?? 0) > 0); step += 1) {
    const claims = jobs.map(({ weight, from }, index): Claim => {
      const wanted = from <= step ? (left[index] ?? 0) : 0;
      return { run: `${index}`, ordinal: index, weight, open: under[index]?.length ?? 0, mostOpen: slots, wanted };
    });
    const busy = under.reduce((sum, attempts) => sum + attempts.length, 0);
    for (const [run, share] of shareOut(claims, slots - busy)) {
      const index = Number(run);
      left[index] = (left[index] ?? 0) - share;
      under[index]?.push(...Array.from({ length: share }, () => jobs[index]?.length ?? 1));
    }
    for (const [index, attempts] of under.entries()) {
      under[index] = attempts.map((steps) => steps - 1).filter((steps) => steps > 0);
      if (attempts.length > 0 && left[index] === 0 && under[index].length === 0) done[index] = step + 1;
    }
  }
  return done;
}

it('no run takes more than twice what its own share of the slots would take, whatever the others do', () => {
  const anyJobs = fc.array(
    fc.record({
      weight: fc.integer({ min: 1, max: 4 }),
      length: fc.integer({ min: 1, max: 8 }),
      attempts: fc.integer({ min: 1, max: 200 }),
      from: fc.nat(50),
    }),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(anyJobs, fc.integer({ min: 20, max: 60 }), (jobs, slots) => {
      const weights = jobs.reduce((sum, { weight }) => sum + weight, 0);
      const longest = Math.max(...jobs.map(({ length }) => length));
      for (const [index, end] of simulated(jobs, slots).entries()) {
        const { weight, length, attempts, from } = jobs[index] ?? { weight: 1, length: 1, attempts: 0, from: 0 };
        const share = Math.max(1, Math.floor((slots * weight) / weights));
        const alone = Math.ceil(attempts / share) * length;
        // Nobody is stopped for another: the first slot comes when the longest attempt of others is over.
        expect(end - from, JSON.stringify({ jobs, slots, index })).toBeLessThanOrEqual(2 * alone + 2 * longest);
      }
    }),
    { numRuns: 60 },
  );
});

it('20 runs of 200 attempts over 10 agents of 4 slots: all end within a tenth of each other', () => {
  const jobs = Array.from({ length: 20 }, (): Job => ({ weight: 1, length: 3, attempts: 200, from: 0 }));
  const done = simulated(jobs, 40);
  expect(Math.max(...done) / Math.min(...done)).toBeLessThan(1.1);
  expect(Math.max(...done)).toBe((20 * 200 * 3) / 40);
});

it('a run of four times the weight is done first, and leaves nothing idle after', () => {
  const jobs = [1, 4].map((weight): Job => ({ weight, length: 1, attempts: 400, from: 0 }));
  expect(simulated(jobs, 10)).toEqual([80, 50]);
});
