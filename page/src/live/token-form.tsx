import { useRef } from 'preact/hooks';
import { Problem } from './problem.js';
import type { ServiceError } from './service.js';

interface TokenFormProps {
  /** Why the last one did not do. */
  readonly error: ServiceError | undefined;
  readonly isAsking: boolean;
  /** Tries a token; without one that which is kept, if there is one. */
  readonly enter: (token: string) => void;
  readonly again: (() => void) | undefined;
}

/** Asks for the token of whoever looks. */
export function TokenForm({ error, isAsking, enter, again }: TokenFormProps) {
  const box = useRef<HTMLInputElement>(null);
  return (
    <main class="door">
      <h1>Gatepost</h1>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          const token = box.current?.value.trim() ?? '';
          if (token !== '') enter(token);
        }}
      >
        <label>
          Token
          <input ref={box} type="password" autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit" disabled={isAsking}>
          Look
        </button>
        {again !== undefined && (
          <button type="button" disabled={isAsking} onClick={again}>
            Try again
          </button>
        )}
      </form>
      {error !== undefined && <Problem error={error} />}
      <p class="quiet">
        Whoever runs this coordinator makes tokens with coordinator token new. It is kept until this tab is closed, and
        sent to this coordinator alone.
      </p>
    </main>
  );
}
