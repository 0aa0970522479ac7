import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '../stage/layout.js';

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** A client in another language: what it needs, how its packages are fetched, how it runs. */
export interface ForeignClient {
  readonly language: string;
  /** Programs that must be there, each with how to see that it is. */
  readonly tools: readonly Command[];
  /** Files that must be there, any one of each list. */
  readonly files: readonly (readonly string[])[];
  /** Fetches packages from their registry; a failure means that it is not to be had here. */
  readonly fetch: readonly Command[];
  /** Builds what was fetched, offline. */
  readonly build: readonly Command[];
  readonly run: readonly Command[];
  readonly env: Readonly<Record<string, string>>;
}

const sources = (language: string, ...path: string[]) => join(CHECKOUT, 'test/foreign', language, ...path);

/** @param cache directory that keeps what was fetched and built from one call to the next. */
export function foreignClients(cache: string): readonly ForeignClient[] {
  return [python(join(cache, 'python')), java(join(cache, 'java')), rust(join(cache, 'rust'))];
}

function python(cache: string): ForeignClient {
  const own = join(cache, 'bin/python');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'] as const;
  return {
    language: 'python',
    tools: [['python3', '-c', 'import venv, ensurepip']],
    files: [],
    fetch: [
      ['python3', '-m', 'venv', cache],
      [own, ...install, '--requirement', sources('python', 'requirements.txt')],
    ],
    build: [],
    run: [[own, sources('python', 'client.py')]],
    env: {},
  };
}

function java(cache: string): ForeignClient {
  const classpath = join(cache, 'classpath.txt');
  const resolve = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath';
  return {
    language: 'java',
    tools: [
      ['java', '-version'],
      ['mvn', '-version'],
    ],
    files: [],
    fetch: [['mvn', '-B', '-q', '-f', sources('java', 'pom.xml'), resolve, `-Dmdep.outputFile=${classpath}`]],
    build: [],
    run: [['sh', '-c', `java -cp "$(cat "$0")" "$1"`, classpath, sources('java', 'ForeignClient.java')]],
    env: {},
  };
}

function rust(cache: string): ForeignClient {
  const manifest = ['--quiet', '--manifest-path', sources('rust', 'Cargo.toml')] as const;
  return {
    language: 'rust',
    tools: [
      ['cargo', '--version'],
      ['protoc', '--version'],
    ],
    // The SDK's build reads the well-known types, which Debian ships apart from protoc.
    files: [['/usr/include/google/protobuf/wrappers.proto', '/usr/local/include/google/protobuf/wrappers.proto']],
    fetch: [['cargo', 'fetch', ...manifest]],
    build: [['cargo', 'build', '--offline', ...manifest]],
    run: [['cargo', 'run', '--offline', ...manifest]],
    env: { CARGO_TARGET_DIR: cache },
  };
}

/** The first file of which none of its places has one; undefined when nothing is missing. */
export const missingFile = ({ files }: ForeignClient): string | undefined =>
  files.find((places) => !places.some((place) => existsSync(place)))?.[0];
