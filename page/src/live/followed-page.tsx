import { useEffect, useMemo, useState } from 'preact/hooks';
import { App } from '../app.js';
import { Follower, type Known } from './follow.js';
import { Live, type LiveActs } from './live.js';
import { LiveBar } from './live-bar.js';
import type { Me, Service, ServiceError } from './service.js';
import { WaitingRuns } from './waiting-runs.js';

/** How far back runs that are over are shown at first. */
const SINCE = '7d';

interface FollowedPageProps {
  readonly service: Service;
  readonly me: Me;
  /** Forgets the token, for a reason when it is not taken any more. */
  readonly leave: (error: ServiceError | undefined) => void;
}

/** The report, kept up to date. */
export function FollowedPage({ service, me, leave }: FollowedPageProps) {
  const [since, setSince] = useState(SINCE);
  const [known, setKnown] = useState<Known>();
  const follower = useMemo(() => new Follower({ service, me, changed: setKnown, refused: leave }), [service, me]);
  useEffect(() => follower.reach(since), [follower, since]);
  useEffect(() => {
    void follower.follow();
    return () => follower.stop();
  }, [follower]);
  const acts = useMemo<LiveActs>(
    () => ({
      me,
      say: async (word, run, task, text) => {
        const act = await service.say(word, run, task, text);
        follower.reread(run);
        return act;
      },
      verify: (run) => service.verify(run),
    }),
    [service, me, follower],
  );
  if (known === undefined) return null;
  return (
    <Live.Provider value={acts}>
      <App report={known.report}>
        <LiveBar known={known} me={me} since={since} setSince={setSince} leave={() => leave(undefined)} />
        <WaitingRuns runs={known.runs} />
      </App>
    </Live.Provider>
  );
}
