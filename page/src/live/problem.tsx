import { Text } from '../parts/text.js';
import type { ServiceError } from './service.js';

/** What went wrong, and how to mend it. */
export const Problem = ({ error: { code, message, advice } }: { readonly error: ServiceError }) => (
  <p class="problem" role="alert">
    <Text of={message} />{' '}
    <small>
      (<Text of={code} />)
    </small>
    {advice !== '' && (
      <>
        {' '}
        <Text of={advice} />
      </>
    )}
  </p>
);
