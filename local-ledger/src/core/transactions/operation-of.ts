import { createTopic } from './consensus/create-topic.js';
import { deleteTopic } from './consensus/delete-topic.js';
import { submitMessage } from './consensus/submit-message.js';
import { updateTopic } from './consensus/update-topic.js';
import { cryptoApproveAllowance } from './crypto/approve-allowance.js';
import { cryptoCreate } from './crypto/create.js';
import { cryptoDelete } from './crypto/delete.js';
import { cryptoTransfer } from './crypto/transfer.js';
import { cryptoUpdate } from './crypto/update.js';
import type { Operation, TransactionCase, TransactionData, TransactionHandler, ValueOf } from './handler.js';
import { scheduleCreate } from './schedule/create.js';
import { scheduleDelete } from './schedule/delete.js';
import { scheduleSign } from './schedule/sign.js';
import { tokenAssociate } from './token/associate.js';
import { tokenBurn } from './token/burn.js';
import { tokenCreate } from './token/create.js';
import { tokenDelete } from './token/delete.js';
import { tokenDissociate } from './token/dissociate.js';
import { tokenFeeScheduleUpdate } from './token/fee-schedule-update.js';
import { tokenFreeze, tokenUnfreeze } from './token/freeze.js';
import { tokenGrantKyc, tokenRevokeKyc } from './token/kyc.js';
import { tokenMint } from './token/mint.js';
import { tokenPause, tokenUnpause } from './token/pause.js';
import { tokenUpdate } from './token/update.js';
import { tokenWipe } from './token/wipe.js';
import { atomicBatch } from './util/atomic-batch.js';

/**
 * Every case of the transaction union, with its handler or the reason there is none. A case that a new version of the
 * protocol adds does not compile until it has a line here.
 */
const handlers: { readonly [C in TransactionCase]: TransactionHandler<ValueOf<C>> | 'NOT_SUPPORTED' } = {
  cryptoCreateAccount: cryptoCreate,
  cryptoUpdateAccount: cryptoUpdate,
  cryptoDelete,
  cryptoTransfer,
  cryptoApproveAllowance,
  consensusCreateTopic: createTopic,
  consensusUpdateTopic: updateTopic,
  consensusDeleteTopic: deleteTopic,
  consensusSubmitMessage: submitMessage,
  tokenCreation: tokenCreate,
  tokenUpdate,
  tokenDeletion: tokenDelete,
  tokenAssociate,
  tokenDissociate,
  tokenMint,
  tokenBurn,
  tokenWipe,
  tokenFreeze,
  tokenUnfreeze,
  tokenGrantKyc,
  tokenRevokeKyc,
  tokenPause,
  tokenUnpause,
  tokenFeeScheduleUpdate,
  scheduleCreate,
  scheduleSign,
  scheduleDelete,
  atomicBatch,
  contractCall: 'NOT_SUPPORTED',
  contractCreateInstance: 'NOT_SUPPORTED',
  contractUpdateInstance: 'NOT_SUPPORTED',
  contractDeleteInstance: 'NOT_SUPPORTED',
  cryptoAddLiveHash: 'NOT_SUPPORTED',
  cryptoDeleteLiveHash: 'NOT_SUPPORTED',
  cryptoDeleteAllowance: 'NOT_SUPPORTED',
  fileAppend: 'NOT_SUPPORTED',
  fileCreate: 'NOT_SUPPORTED',
  fileDelete: 'NOT_SUPPORTED',
  fileUpdate: 'NOT_SUPPORTED',
  systemDelete: 'NOT_SUPPORTED',
  systemUndelete: 'NOT_SUPPORTED',
  freeze: 'NOT_SUPPORTED',
  uncheckedSubmit: 'NOT_SUPPORTED',
  tokenUpdateNfts: 'NOT_SUPPORTED',
  tokenReject: 'NOT_SUPPORTED',
  tokenAirdrop: 'NOT_SUPPORTED',
  tokenCancelAirdrop: 'NOT_SUPPORTED',
  tokenClaimAirdrop: 'NOT_SUPPORTED',
  ethereumTransaction: 'NOT_SUPPORTED',
  utilPrng: 'NOT_SUPPORTED',
  nodeStakeUpdate: 'NOT_SUPPORTED',
  nodeCreate: 'NOT_SUPPORTED',
  nodeUpdate: 'NOT_SUPPORTED',
  nodeDelete: 'NOT_SUPPORTED',
  stateSignatureTransaction: 'NOT_SUPPORTED',
  hintsPreprocessingVote: 'NOT_SUPPORTED',
  hintsKeyPublication: 'NOT_SUPPORTED',
  hintsPartialSignature: 'NOT_SUPPORTED',
  historyProofSignature: 'NOT_SUPPORTED',
  historyProofKeyPublication: 'NOT_SUPPORTED',
  historyProofVote: 'NOT_SUPPORTED',
  crsPublication: 'NOT_SUPPORTED',
  hookStore: 'NOT_SUPPORTED',
  hookDispatch: 'NOT_SUPPORTED',
  ledgerIdPublication: 'NOT_SUPPORTED',
  registeredNodeCreate: 'NOT_SUPPORTED',
  registeredNodeUpdate: 'NOT_SUPPORTED',
  registeredNodeDelete: 'NOT_SUPPORTED',
  migrationRootHashVote: 'NOT_SUPPORTED',
};

/** The operation for transaction data; undefined when this network does not support it. */
export function operationOf(data: TransactionData): Operation | undefined {
  return bind(data.$case, data.value);
}

function bind<C extends TransactionCase>($case: C, value: ValueOf<C>): Operation | undefined {
  const handler = handlers[$case];
  return handler === 'NOT_SUPPORTED'
    ? undefined
    : {
        name: handler.name,
        schedulable: handler.schedulable,
        pureChecks: (body) => handler.pureChecks(value, body),
        preHandle: (context) => handler.preHandle(value, context),
        handle: (context) => handler.handle(value, context),
        fee: (state) => handler.fee(value, state),
      };
}

/** All cases of the transaction union that this network supports. */
export const supportedCases: readonly TransactionCase[] = (Object.keys(handlers) as TransactionCase[]).filter(
  ($case) => handlers[$case] !== 'NOT_SUPPORTED',
);
