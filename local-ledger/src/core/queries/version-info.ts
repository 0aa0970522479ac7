import type { SemanticVersion } from '../../gen/services_basic_types.js';
import type { NetworkGetVersionInfoQuery } from '../../gen/services_network_get_version_info.js';
import type { QueryHandler } from './query.js';

/** The release of the network whose rules this one follows. */
const release: SemanticVersion = { major: 0, minor: 76, patch: 1, pre: '', build: '' };

/** NetworkGetVersionInfo. */
export const getVersionInfo: QueryHandler<NetworkGetVersionInfoQuery> = {
  isPaid: true,
  answer: (_value, header) => ({
    $case: 'networkGetVersionInfo',
    value: { header, hapiProtoVersion: release, hederaServicesVersion: release },
  }),
  bare: (header) => ({
    $case: 'networkGetVersionInfo',
    value: { header, hapiProtoVersion: undefined, hederaServicesVersion: undefined },
  }),
};
