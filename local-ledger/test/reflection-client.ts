import { createRequire } from 'node:module';
import { create, createFileRegistry, type DescService, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type ChannelCredentials, type ChannelOptions, Client } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';

interface Answer {
  readonly error_response?: { readonly error_message: string };
  readonly list_services_response?: { readonly service: readonly { readonly name: string }[] };
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Uint8Array[] };
}

/** A client of server reflection, which knows of a server nothing but where it is. */
export function reflectionClient(
  version: string,
  address: string,
  credentials: ChannelCredentials,
  options: ChannelOptions = {},
) {
  const name = `grpc.reflection.${version}.ServerReflection`;
  const require = createRequire(import.meta.url);
  const proto = require.resolve('@grpc/reflection').replace(/src\/index\.js$/, '');
  const loaded = loadSync(`${proto}proto/grpc/reflection/${version}/reflection.proto`, {
    keepCase: true,
    oneofs: true,
  });
  const rpc = (loaded[name] as Record<string, MethodDefinition<object, Answer>>).ServerReflectionInfo;
  if (rpc === undefined) throw new Error(`${name} is not in ${proto}`);
  const { path, requestSerialize, responseDeserialize } = rpc;
  const client = new Client(address, credentials, options);

  const ask = (request: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      call.on('error', reject);
      call.on('data', ({ error_response: refused, ...answer }: Answer) =>
        refused ? reject(new Error(refused.error_message)) : resolve(answer),
      );
      call.write(request);
      call.end();
    });

  const filesOf = async (request: object): Promise<FileDescriptorProto[]> => {
    const { file_descriptor_response: found } = await ask(request);
    return (found?.file_descriptor_proto ?? []).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  };

  /** The file and before it what it imports, asked for by name where it did not come along. */
  const withImports = async (
    file: FileDescriptorProto,
    known: Map<string, FileDescriptorProto>,
    into: Map<string, FileDescriptorProto>,
  ): Promise<void> => {
    if (into.has(file.name)) return;
    for (const name of file.dependency) {
      const [imported] = known.has(name) ? [known.get(name)] : await filesOf({ file_by_filename: name });
      if (imported !== undefined) await withImports(imported, known, into);
    }
    into.set(file.name, file);
  };

  return {
    /** Full names of the services. */
    services: async () => ((await ask({ list_services: '' })).list_services_response?.service ?? []).map((s) => s.name),
    /** A service with all messages that it takes and gives. */
    async service(symbol: string): Promise<DescService> {
      const [file, ...others] = await filesOf({ file_containing_symbol: symbol });
      if (file === undefined) throw new Error(`no file for ${symbol}`);
      const files = new Map<string, FileDescriptorProto>();
      await withImports(file, new Map(others.map((other) => [other.name, other])), files);
      const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...files.values()] }));
      const service = registry.getService(symbol);
      if (service === undefined) throw new Error(`${file.name} has no ${symbol}`);
      return service;
    },
    close: () => client.close(),
  };
}
