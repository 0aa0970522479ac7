import { readFileSync } from 'node:fs';
import { BlockList, isIPv4 } from 'node:net';
import { parseEnv } from 'node:util';
import { GatepostError } from '../vocabulary/errors.js';

/** Every environment variable the product reads; .env.example is compared with this table by a test. */
export const ENVIRONMENT = {
  GATEPOST_NETWORK: { secret: false, what: 'local, testnet, previewnet or mainnet' },
  GATEPOST_NODE: { secret: false, what: 'local only: consensus node, host:port' },
  GATEPOST_MIRROR_GRPC: { secret: false, what: 'mirror gRPC, host:port' },
  GATEPOST_MIRROR_REST: { secret: false, what: 'mirror REST base URL, without /api/v1' },
  GATEPOST_MIRROR_PER_SECOND: {
    secret: false,
    what: 'requests that a process sends to mirror REST in a second: 25 on a public network, any number on local; also for --profile testnet',
  },
  GATEPOST_LOG_LEVEL: { secret: false, what: 'fatal, error, warn, info, debug or trace' },
  COORDINATOR_ACCOUNT_ID: { secret: false, what: 'account of the coordinator' },
  COORDINATOR_PRIVATE_KEY: { secret: true, what: 'private key of the coordinator account' },
  COORDINATOR_SERVER: {
    secret: false,
    what: 'where a coordinator serves gRPC, host:port; coordinator run submits to it',
  },
  COORDINATOR_TOKEN: { secret: true, what: 'token for a coordinator that serves' },
  AGENT_ACCOUNT_ID: { secret: false, what: 'account of the agent on this host' },
  AGENT_PRIVATE_KEY: { secret: true, what: 'private key of that account' },
  GATEKEEPER_ACCOUNT_ID: { secret: false, what: 'account of the gatekeeper' },
  GATEKEEPER_PRIVATE_KEY: { secret: true, what: 'private key of the gatekeeper account' },
  ARBITER_ACCOUNT_ID: { secret: false, what: 'account of the arbiter' },
  ARBITER_PRIVATE_KEY: { secret: true, what: 'private key of the arbiter account' },
  OPERATOR_ACCOUNT_ID: { secret: false, what: 'setup on a public network: funded account that pays for the others' },
  OPERATOR_PRIVATE_KEY: { secret: true, what: 'setup: private key of that account' },
  AGENT_1_ACCOUNT_ID: { secret: false, what: 'harness against a public network: account of agent 1' },
  AGENT_1_PRIVATE_KEY: { secret: true, what: 'harness: private key of agent 1' },
  AGENT_2_ACCOUNT_ID: { secret: false, what: 'harness against a public network: account of agent 2' },
  AGENT_2_PRIVATE_KEY: { secret: true, what: 'harness: private key of agent 2' },
} as const;

export type EnvironmentVariable = keyof typeof ENVIRONMENT;

/** Variables that libraries read, or that are everybody's, as far as they matter here. */
export const LIBRARY_VARIABLES = {
  grpc_proxy: 'proxy for gRPC: nodes, mirror and agents on other hosts',
  https_proxy: 'the same where grpc_proxy is not set',
  http_proxy: 'the same where neither is set',
  no_grpc_proxy: 'hosts, domain suffixes and ranges that gRPC reaches without a proxy; this host always is',
  no_proxy: 'the same where no_grpc_proxy is not set',
  GRPC_VERBOSITY: 'what the gRPC library writes to standard error; NONE unless it is set',
  TERM: 'dumb: no view that redraws itself',
  NO_COLOR: 'set: no colours',
  OTEL_EXPORTER_OTLP_ENDPOINT:
    'where traces are sent, OTLP over HTTP (protobuf), http://host:4318; none are made where it is not set',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'the same for traces alone, with its path',
  OTEL_EXPORTER_OTLP_HEADERS: 'headers of the requests that send them, such as a key',
  OTEL_TRACES_EXPORTER: 'otlp: traces even where no endpoint is named, to this host; none: no traces',
  OTEL_TRACES_SAMPLER: 'which traces are kept, such as parentbased_traceidratio; all unless it is set',
  OTEL_TRACES_SAMPLER_ARG: 'its argument, such as 0.1',
  OTEL_SERVICE_NAME: 'name of the service in traces; gatepost-coordinator or gatepost-agent unless it is set',
  OTEL_RESOURCE_ATTRIBUTES: 'more about the service in traces, name=value with commas between',
  OTEL_SDK_DISABLED: 'true: no traces',
  AWS_ACCESS_KEY_ID: 'who puts and gets artifacts in a bucket, as the client of AWS reads it; its other ways too',
  AWS_SECRET_ACCESS_KEY: 'the secret to that key',
  AWS_SESSION_TOKEN: 'the token of temporary credentials',
  AWS_PROFILE: 'which profile of ~/.aws is meant',
  NODE_EXTRA_CA_CERTS: 'file with certificates that Node.js trusts besides, such as those of a private CA',
} as const;

/** The process's variables, of which only those above are looked at by name. */
type LibraryEnvironment = { -readonly [name in keyof typeof LIBRARY_VARIABLES]?: string | undefined };
const libraries: LibraryEnvironment = process.env;

/**
 * Whether the standard variables of OpenTelemetry ask for traces.
 * @throws GatepostError INVALID_CONFIG for an exporter that there is none of.
 */
export function tracesWanted(): boolean {
  const { OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = libraries;
  const endpoint = libraries.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || libraries.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (disabled?.toLowerCase() === 'true' || exporter === 'none') return false;
  if (!exporter) return Boolean(endpoint);
  if (exporter === 'otlp') return true;
  throw new GatepostError('INVALID_CONFIG', `OTEL_TRACES_EXPORTER is otlp or none, not ${JSON.stringify(exporter)}`);
}

/** File in the working directory that may hold what the environment does not. */
export const ENV_FILE = '.env';

/** The variables that are set, empty ones left out. */
export type Environment = Readonly<Partial<Record<EnvironmentVariable, string>>>;

/** What a file in the form of `.env` says alone, the process left aside; nothing when there is none. */
export function variablesIn(path: string): Environment {
  const found = Object.entries(readEnvFile(path)).filter(([name, value]) => name in ENVIRONMENT && value?.trim());
  return Object.fromEntries(found);
}

function readEnvFile(path: string): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new GatepostError('INVALID_CONFIG', `cannot read ${path}: ${(error as Error).message}`, { path }, error);
  }
}

/**
 * Reads the environment: what is set in the process, else what `.env` in the working directory says.
 * The only place that reads `process.env`.
 */
export function readEnvironment(envFile = ENV_FILE): Environment {
  const file = readEnvFile(envFile);
  const found: Partial<Record<EnvironmentVariable, string>> = {};
  for (const name of Object.keys(ENVIRONMENT) as EnvironmentVariable[]) {
    const value = process.env[name] ?? file[name];
    if (value !== undefined && value.trim() !== '') found[name] = value.trim();
  }
  return found;
}

/** @throws GatepostError INVALID_CONFIG naming every variable that is missing, at once. */
export function requireVariables<N extends EnvironmentVariable>(
  env: Environment,
  names: readonly N[],
): Record<N, string> {
  const missing = names.filter((name) => env[name] === undefined);
  if (missing.length > 0) {
    const list = missing.map((name) => `${name} (${ENVIRONMENT[name].what})`).join(', ');
    throw new GatepostError(
      'INVALID_CONFIG',
      `missing environment variables: ${list}; set them or write them to .env`,
      {
        missing,
      },
    );
  }
  return Object.fromEntries(names.map((name) => [name, env[name]])) as Record<N, string>;
}

/**
 * The variables of ours that a child process is given: the named ones that are set.
 * @throws GatepostError INVALID_CONFIG when one of them is a secret of this product.
 */
export function variablesFor(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    if (name in ENVIRONMENT && ENVIRONMENT[name as EnvironmentVariable].secret) {
      throw new GatepostError('INVALID_CONFIG', `${name} is a key; no child process may see it`, { name });
    }
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** This host, as lists of hosts without a proxy write it; not every version of gRPC knows ranges. */
const LOOPBACK = ['localhost', '127.0.0.1', '127.0.0.0/8', '::1'];

/**
 * Prepares what libraries read of the environment, before they are loaded: gRPC would go through a proxy of the
 * environment even to this host, and writes lines of its own to standard error, where ours are JSON.
 */
export function prepareLibraries(): void {
  const { no_grpc_proxy: listed, no_proxy: general, GRPC_VERBOSITY: verbosity } = libraries;
  const direct = (listed || general || '').split(',').filter((host) => host !== '');
  libraries.no_grpc_proxy = [...direct, ...LOOPBACK].join(',');
  libraries.GRPC_VERBOSITY = verbosity || 'NONE';
}

/** The variables that name a proxy for gRPC, the first one that is set has it. */
const PROXY_VARIABLES = ['grpc_proxy', 'https_proxy', 'http_proxy'] as const;

/** A proxy that gRPC goes through. */
export interface ProxyUse {
  readonly variable: (typeof PROXY_VARIABLES)[number];
  /** host:port */
  readonly address: string;
}

/** The proxy of the environment that gRPC uses for a host, by the rules of its library; undefined when it uses none. */
export function proxyFor(host: string): ProxyUse | undefined {
  const variable = PROXY_VARIABLES.find((name) => libraries[name]);
  const url = variable === undefined ? '' : (libraries[variable] ?? '');
  if (variable === undefined || !URL.canParse(url) || new URL(url).protocol !== 'http:') return undefined;
  const direct = (libraries.no_grpc_proxy || libraries.no_proxy || '').split(',').filter((entry) => entry !== '');
  if (direct.some((entry) => host.endsWith(entry) || isWithin(host, entry))) return undefined;
  const { hostname, port } = new URL(url);
  return { variable, address: `${hostname}:${port || 80}` };
}

/** Whether an IPv4 address lies in a range such as 10.0.0.0/8. */
function isWithin(host: string, range: string): boolean {
  const [network = '', prefix = ''] = range.split('/');
  if (!isIPv4(host) || !isIPv4(network) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(host);
}

/** Has gRPC reach an address of this host without the environment's proxy. @param address host:port */
export function reachDirectly(address: string): void {
  const host = address.replace(/:\d+$/, '');
  const { no_grpc_proxy: listed, no_proxy: general } = libraries;
  const direct = (listed || general || '').split(',').filter((known) => known !== '');
  if (/^(127\.|localhost$)/.test(host) && !direct.includes(host)) libraries.no_grpc_proxy = [...direct, host].join(',');
}
