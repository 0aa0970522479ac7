import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { handleBidiStreamingCall, Server, ServiceDefinition } from '@grpc/grpc-js';

const METHOD = 'ServerReflectionInfo';

/** Versions of the protocol that clients speak; the messages are the same. */
const VERSIONS = ['v1', 'v1alpha'] as const;

interface Loaded {
  readonly definition: ServiceDefinition;
  readonly respond: handleBidiStreamingCall<unknown, unknown>;
}

const require = createRequire(import.meta.url);

/** What reflection tells. */
export interface Reflected {
  /** File of the compiled .proto files, imports included: a FileDescriptorSet. */
  readonly descriptorSet: string;
  /** Full names of the services to list; default: all in the set. */
  readonly services?: readonly string[];
}

/**
 * Adds server reflection, so that a client without the .proto files finds its way. The descriptors are read when the
 * first client asks: few do, and every start would wait for them.
 * Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
export function addReflection(server: Server, reflected: Reflected): void {
  let all: ReadonlyMap<string, Loaded> | undefined;
  for (const version of VERSIONS) {
    const path = `/grpc.reflection.${version}.ServerReflection/${METHOD}`;
    const loaded = (): Loaded => {
      all ??= load(reflected);
      return all.get(path) as Loaded;
    };
    server.addService(lazyDefinition(path, loaded), {
      [METHOD]: ((stream) => loaded().respond(stream)) satisfies Loaded['respond'],
    });
  }
}

/** The rpc at `path` with the serializers of the loaded one. */
function lazyDefinition(path: string, loaded: () => Loaded): ServiceDefinition {
  const rpc = () => loaded().definition[METHOD] as ServiceDefinition[string];
  return {
    [METHOD]: {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (message) => rpc().requestSerialize(message),
      requestDeserialize: (bytes) => rpc().requestDeserialize(bytes),
      responseSerialize: (message) => rpc().responseSerialize(message),
      responseDeserialize: (bytes) => rpc().responseDeserialize(bytes),
    },
  };
}

/** The library's services, by the path of their rpc. */
function load({ descriptorSet, services }: Reflected): Map<string, Loaded> {
  const { ReflectionService } = require('@grpc/reflection') as typeof import('@grpc/reflection');
  const listed = services === undefined ? {} : { services: [...services] };
  const reflection = new ReflectionService({ set: filesOf(readFileSync(descriptorSet)) }, listed);
  const found = new Map<string, Loaded>();
  reflection.addToServer({
    addService: (definition, implementation) => {
      found.set(definition[METHOD]?.path ?? '', { definition, respond: implementation[METHOD] as Loaded['respond'] });
    },
  });
  return found;
}

/** The set's files as the library takes them: those of a message type, of which it looks at nothing else. */
function filesOf(descriptorSet: Uint8Array) {
  const set = new BinaryReader(descriptorSet);
  const fileDescriptorProtos: Buffer[] = [];
  while (set.pos < set.len) {
    set.tag();
    fileDescriptorProtos.push(Buffer.from(set.bytes()));
  }
  return { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } as const;
}
