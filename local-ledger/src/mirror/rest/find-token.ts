import type { EntityNum } from '../../core/model.js';
import { invalidParameters } from '../query/http-error.js';
import { entityNumber } from '../query/validators.js';
import { pathParameter, type RestRequest } from './resource.js';

/** The token number in a path. Throws HttpError 400 unless it is an id or a long-zero EVM address. */
export function tokenInPath(request: RestRequest): EntityNum {
  const num = entityNumber(pathParameter(request, 'id'));
  if (num === undefined) throw invalidParameters('tokenid');
  return num;
}
