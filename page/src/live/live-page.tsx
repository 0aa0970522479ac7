import { useEffect, useState } from 'preact/hooks';
import { FollowedPage } from './followed-page.js';
import { type Me, Service, type ServiceError, serviceErrorOf } from './service.js';
import { TokenForm } from './token-form.js';

/** Where the token is kept: gone with the tab, and never in an address. */
const KEPT_AS = 'gatepost-token';

type Session =
  | { readonly is: 'out'; readonly error: ServiceError | undefined }
  | { readonly is: 'asking'; readonly token: string }
  | { readonly is: 'in'; readonly service: Service; readonly me: Me };

function began(): Session {
  const token = sessionStorage.getItem(KEPT_AS);
  return token === null ? { is: 'out', error: undefined } : { is: 'asking', token };
}

/** The page of a coordinator that serves: who looks shows a token once, and sees what happens. */
export function LivePage() {
  const [session, setSession] = useState(began);
  const asked = session.is === 'asking' ? session.token : undefined;
  const leave = (error: ServiceError | undefined) => {
    if (error === undefined || error.status === 401) sessionStorage.removeItem(KEPT_AS);
    setSession({ is: 'out', error });
  };
  useEffect(() => {
    if (asked === undefined) return;
    const service = new Service(asked);
    service.me().then(
      (me) => {
        sessionStorage.setItem(KEPT_AS, asked);
        setSession({ is: 'in', service, me });
      },
      (thrown: unknown) => leave(serviceErrorOf(thrown)),
    );
  }, [asked]);
  if (session.is === 'in') return <FollowedPage service={session.service} me={session.me} leave={leave} />;
  const isKept = sessionStorage.getItem(KEPT_AS) !== null;
  return (
    <TokenForm
      error={session.is === 'out' ? session.error : undefined}
      isAsking={session.is === 'asking'}
      enter={(token) => setSession({ is: 'asking', token })}
      again={isKept ? () => setSession(began()) : undefined}
    />
  );
}
