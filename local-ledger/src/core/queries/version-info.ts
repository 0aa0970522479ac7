import type { SemanticVersion } from '@gatepost/local-ledger/gen/services_basic_types';
import type { NetworkGetVersionInfoQuery } from '@gatepost/local-ledger/gen/services_network_get_version_info';
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
