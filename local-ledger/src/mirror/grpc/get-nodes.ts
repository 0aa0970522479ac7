import { AddressBookQuery } from '@gatepost/local-ledger/gen/mirror_mirror_network_service';
import { NodeAddress } from '@gatepost/local-ledger/gen/services_basic_types';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { formatId } from '../format/entity-id.js';
import type { MirrorNode } from '../network.js';
import { decodeRequest, invalidArgument, missing } from './rpc-error.js';
import { toProtoAccountId } from './topic-response.js';

const ADDRESS_BOOK_FILES: ReadonlySet<bigint> = new Set([101n, 102n]);

/**
 * Streams the address book. Only endpoints that answer are in it, because the SDK replaces its node list by what
 * it reads here. Throws RpcError INVALID_ARGUMENT or NOT_FOUND as the real mirror does.
 */
export function sendNodes(call: ServerWritableStream<Buffer, Buffer>, nodes: readonly MirrorNode[]): void {
  const { fileId, limit } = decodeRequest(AddressBookQuery, call.request);
  if (fileId === undefined) throw invalidArgument('Missing required fileId');
  const { shardNum, realmNum, fileNum } = fileId;
  if (shardNum < 0n || realmNum < 0n || fileNum < 0n) throw invalidArgument('Invalid entity ID');
  if (limit < 0) throw invalidArgument('limit: must be greater than or equal to 0');
  if (shardNum !== 0n || realmNum !== 0n || !ADDRESS_BOOK_FILES.has(fileNum)) {
    throw missing(`Address book ${shardNum}.${realmNum}.${fileNum} does not exist`);
  }
  for (const node of limit === 0 ? nodes : nodes.slice(0, limit)) call.write(encodeNode(node));
  call.end();
}

function encodeNode(node: MirrorNode): Buffer {
  return Buffer.from(
    NodeAddress.encode(
      NodeAddress.fromPartial({
        nodeId: BigInt(node.nodeId),
        nodeAccountId: toProtoAccountId(node.account),
        description: node.description,
        memo: Buffer.from(formatId(node.account)),
        serviceEndpoint: [
          {
            ipAddressV4: Uint8Array.from(node.host.split('.').map(Number)),
            port: node.port,
            domainName: '',
          },
        ],
      }),
    ).finish(),
  );
}
