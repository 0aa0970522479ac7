/** What an rpc carries: `transaction` is Transaction to TransactionResponse, `query` is Query to Response. */
export type RpcKind = 'transaction' | 'query';

/** The rpcs of a service, by kind. */
interface ServiceRpcs {
  readonly transaction: readonly string[];
  readonly query: readonly string[];
}

/**
 * The consensus node's services and rpcs. All rpcs of a kind behave alike: what counts is the message. Those for what
 * this network does not support are there too and answer NOT_SUPPORTED.
 */
export const services: Readonly<Record<string, ServiceRpcs>> = {
  'proto.CryptoService': {
    transaction: [
      'createAccount',
      'updateAccount',
      'cryptoTransfer',
      'cryptoDelete',
      'approveAllowances',
      'deleteAllowances',
      'addLiveHash',
      'deleteLiveHash',
    ],
    query: [
      'getLiveHash',
      'getAccountRecords',
      'cryptoGetBalance',
      'getAccountInfo',
      'getTransactionReceipts',
      'getTxRecordByTxID',
    ],
  },
  'proto.ConsensusService': {
    transaction: ['createTopic', 'updateTopic', 'deleteTopic', 'submitMessage'],
    query: ['getTopicInfo'],
  },
  'proto.TokenService': {
    transaction: [
      'createToken',
      'updateToken',
      'mintToken',
      'burnToken',
      'deleteToken',
      'wipeTokenAccount',
      'freezeTokenAccount',
      'unfreezeTokenAccount',
      'grantKycToTokenAccount',
      'revokeKycFromTokenAccount',
      'associateTokens',
      'dissociateTokens',
      'updateTokenFeeSchedule',
      'pauseToken',
      'unpauseToken',
      'updateNfts',
      'rejectToken',
      'airdropTokens',
      'cancelAirdrop',
      'claimAirdrop',
    ],
    query: ['getTokenInfo', 'getTokenNftInfo', 'getAccountNftInfos', 'getTokenNftInfos'],
  },
  'proto.ScheduleService': {
    transaction: ['createSchedule', 'signSchedule', 'deleteSchedule'],
    query: ['getScheduleInfo'],
  },
  'proto.UtilService': { transaction: ['prng', 'atomicBatch'], query: [] },
  'proto.NetworkService': {
    transaction: ['uncheckedSubmit'],
    query: ['getVersionInfo', 'getAccountDetails', 'getExecutionTime'],
  },
  'proto.FileService': {
    transaction: ['createFile', 'updateFile', 'deleteFile', 'appendContent', 'systemDelete', 'systemUndelete'],
    query: ['getFileContent', 'getFileInfo'],
  },
  'proto.SmartContractService': {
    transaction: [
      'createContract',
      'updateContract',
      'contractCallMethod',
      'deleteContract',
      'systemDelete',
      'systemUndelete',
      'callEthereum',
      'hookStore',
    ],
    query: [
      'contractCallLocalMethod',
      'getContractInfo',
      'ContractGetBytecode',
      'getBySolidityID',
      'getTxRecordByContractID',
    ],
  },
  'proto.FreezeService': { transaction: ['freeze'], query: [] },
  'proto.AddressBookService': {
    transaction: [
      'createNode',
      'deleteNode',
      'updateNode',
      'createRegisteredNode',
      'deleteRegisteredNode',
      'updateRegisteredNode',
    ],
    query: [],
  },
};
