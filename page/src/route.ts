import { useEffect, useState } from 'preact/hooks';

/** The parts of a run's view, in the order of their tabs. */
export const VIEWS = ['tasks', 'agents', 'money', 'verify'] as const;
export type View = (typeof VIEWS)[number];

/** What is looked at; the address keeps it, so that it can be linked to and gone back from. */
export interface Route {
  readonly run: string | undefined;
  readonly view: View;
  readonly task: string | undefined;
}

/** Reads what stands behind the `#` of the address. */
export function routeOf(hash: string): Route {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const view = VIEWS.find((one) => one === words.get('view')) ?? 'tasks';
  return { run: words.get('run') ?? undefined, view, task: words.get('task') ?? undefined };
}

/** The address of a route. */
export function hashOf({ run, view, task }: Route): string {
  const words = new URLSearchParams();
  if (run !== undefined) words.set('run', run);
  if (view !== 'tasks') words.set('view', view);
  if (task !== undefined) words.set('task', task);
  return `#${words}`;
}

/** The route of the address, and how to go to another. */
export function useRoute(): readonly [Route, (route: Route) => void] {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const follow = () => setRoute(routeOf(location.hash));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return [
    route,
    (next) => {
      history.replaceState(null, '', hashOf(next));
      setRoute(next);
    },
  ];
}
