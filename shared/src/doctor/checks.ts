import { ARTIFACTS } from './artifacts.js';
import type { Check, Problem } from './check.js';
import { TOKEN_FEES } from './token-fees.js';

const COORDINATOR = ['coordinator'] as const;
const AGENT = ['agent'] as const;
const GATEKEEPER = ['gatekeeper'] as const;
const BOTH = [...COORDINATOR, ...AGENT] as const;
const ALL = [...BOTH, ...GATEKEEPER] as const;

/** Everything a doctor looks at and can find, by stable ids; docs/doctor.md is compared with this table by a test. */
export const CHECKS = {
  configuration: {
    by: ALL,
    looksAt: 'the configuration file and the environment variables',
    problems: {
      invalid: {
        level: 'error',
        what: 'the file is missing or malformed, or a variable is',
        advice: 'Mend the named setting; .env.example lists the variables. Nothing else was looked at.',
      },
    },
  },
  'node-version': {
    by: ALL,
    looksAt: 'the version of Node.js that runs this command',
    problems: {
      untried: {
        level: 'warning',
        what: 'a version of Node.js without long-term support, or newer than those this release was tried with',
        advice: 'Use Node.js 20, 22, 24 or 26 where it matters.',
      },
    },
  },
  files: {
    by: ALL,
    looksAt: 'who may read the files that hold private keys',
    problems: {
      open: {
        level: 'warning',
        what: 'others than its owner may read a file with a private key',
        advice: 'Let its owner alone read it: chmod 600 on that file.',
      },
    },
  },
  disk: {
    by: BOTH,
    looksAt: 'the directory for state: whether it can be written, and what is free',
    problems: {
      'not-writable': {
        level: 'error',
        what: 'nothing can be written there: read-only, full, or of another user',
        advice: 'Make room or make the directory writable for this user, or name another one in the configuration.',
        code: 'STORE_FAILED',
      },
      low: { level: 'warning', what: 'less than 1 GiB is free', advice: 'Make room before it is full.' },
    },
  },
  proxy: {
    by: ALL,
    looksAt: 'proxies in the environment that gRPC would use',
    problems: {
      used: {
        level: 'warning',
        what: 'an address of the network or of an agent is reached through a proxy',
        advice: 'If it should be reached directly, add its host to no_proxy.',
      },
      unreachable: {
        level: 'error',
        what: 'a proxy that is to be used does not answer',
        advice: 'Unset the named variable, mend the proxy, or add the host to no_proxy.',
        code: 'LEDGER_UNREACHABLE',
      },
    },
  },
  node: {
    by: ALL,
    looksAt: 'whether a consensus node answers',
    problems: {
      unreachable: {
        level: 'error',
        what: 'no consensus node takes a connection',
        advice:
          'Check GATEPOST_NETWORK, for local GATEPOST_NODE, and the way there; a local network: npx local-ledger.',
        code: 'LEDGER_UNREACHABLE',
      },
    },
  },
  mirror: {
    by: ALL,
    looksAt: 'whether the mirror answers, by REST and gRPC',
    problems: {
      unreachable: {
        level: 'error',
        what: 'the mirror gives no sound answer by REST; what only it shows was not looked at',
        advice: 'Check GATEPOST_MIRROR_REST and the way there.',
        code: 'MIRROR_UNREACHABLE',
      },
      'grpc-unreachable': {
        level: 'error',
        what: 'the mirror takes no connection for gRPC, by which topics are followed',
        advice: 'Check GATEPOST_MIRROR_GRPC and the way there.',
        code: 'MIRROR_UNREACHABLE',
      },
    },
  },
  'same-network': {
    by: ALL,
    looksAt: 'whether consensus node and mirror belong to one network',
    problems: {
      other: {
        level: 'error',
        what: 'the mirror shows another network than the one transactions are sent to',
        advice: 'Make GATEPOST_NETWORK, GATEPOST_NODE and the GATEPOST_MIRROR_ addresses those of one network.',
        code: 'INVALID_CONFIG',
      },
      unproven: {
        level: 'warning',
        what: 'the mirror names another node address, and nothing new happened of which the node could be asked',
        advice: 'Check that the mirror is that of this node; behind a proxy or a tunnel this is as it should be.',
      },
    },
  },
  clock: {
    by: ALL,
    looksAt: "this host's clock against the ledger's",
    problems: {
      off: {
        level: 'error',
        what: "this host's clock is off by more than the network takes",
        advice: 'Set the clock of this host, for example with NTP.',
        code: 'CLOCK_SKEW',
      },
    },
  },
  'account-key': {
    by: ALL,
    looksAt: 'whether the private key belongs to the account',
    problems: {
      'unknown-account': {
        level: 'error',
        what: 'the network has no such account, or it is deleted',
        advice: 'Check the account id and GATEPOST_NETWORK.',
        code: 'INVALID_CONFIG',
      },
      kind: {
        level: 'error',
        what: 'the key was given as one of the other kind',
        advice: 'Give the same key with the other prefix (ed25519: or ecdsa:), as named.',
        code: 'INVALID_KEY',
      },
      other: {
        level: 'error',
        what: "the key is not the account's",
        advice: 'Set the private key of that account, or the account of that key.',
        code: 'INVALID_KEY',
      },
      composite: {
        level: 'error',
        what: 'the account has a key list or threshold key, which one key cannot sign for here',
        advice: 'Use an account with a single Ed25519 or ECDSA key.',
        code: 'INVALID_KEY',
      },
    },
  },
  hbar: {
    by: ALL,
    looksAt: 'the hbar that pay the fees',
    problems: {
      none: {
        level: 'error',
        what: 'the account has less than 0.01 hbar, with which nothing can be sent',
        advice: 'Send hbar to the account.',
        code: 'INVALID_CONFIG',
      },
      low: {
        level: 'warning',
        what: 'the account has less than 1 hbar',
        advice: 'Send hbar to the account; messages, payments and leases cost fees.',
      },
    },
  },
  token: {
    by: BOTH,
    looksAt: 'the token that pays',
    problems: {
      unknown: {
        level: 'error',
        what: 'the network has no such token, or it is deleted, or not fungible',
        advice: 'Check the token id in the configuration and GATEPOST_NETWORK.',
        code: 'INVALID_CONFIG',
      },
      paused: {
        level: 'error',
        what: 'the token is paused: nothing can be paid in it',
        advice: 'Have the holder of its pause key unpause it.',
        code: 'INVALID_CONFIG',
      },
    },
  },
  'token-fees': TOKEN_FEES,
  escrow: {
    by: COORDINATOR,
    looksAt: 'the escrow that pays, when the configuration names one: its key and its refund',
    problems: {
      key: {
        level: 'error',
        what: 'its key is not the list of the keys of coordinator, gatekeeper and arbiter of which two must sign',
        advice:
          'Somebody changed a key since: put the money elsewhere with the keys that it has, and make another escrow with another --config.',
      },
      'no-refund': {
        level: 'warning',
        what: 'it holds tokens that would stay there for good if the parties did',
        advice: 'Have both sign a refund: coordinator fund 0 --refund-at 30d.',
      },
    },
  },
  holding: {
    by: BOTH,
    looksAt: 'whether the account may hold the token, and what it holds',
    problems: {
      'not-associated': {
        level: 'error',
        what: 'the account is not associated with the token',
        advice: 'Associate it: an agent with agent-daemon init, a coordinator by receiving the token or by its wallet.',
        code: 'INVALID_CONFIG',
      },
      frozen: {
        level: 'error',
        what: 'the account is frozen for the token, or lacks its KYC',
        advice: 'Have the holder of the freeze or KYC key of the token clear the account.',
        code: 'INVALID_CONFIG',
      },
      empty: {
        level: 'warning',
        what: 'the coordinator holds none of the token: only plans without prices can be paid',
        advice: 'Mint the token or send some to the account.',
      },
    },
  },
  journal: {
    by: ALL,
    looksAt: "whether the journal is a coordinator's journal, this one's, and can be written to",
    problems: {
      unknown: {
        level: 'error',
        what: 'the network has no such topic, or it is deleted',
        advice: 'Name the topic that "coordinator init" made, and check GATEPOST_NETWORK.',
        code: 'INVALID_CONFIG',
      },
      inbox: {
        level: 'error',
        what: "it is an agent's inbox: no agent could report there",
        advice: 'Name the topic that "coordinator init" made as journal.',
        code: 'INVALID_CONFIG',
      },
      closed: {
        level: 'error',
        what: 'its submit key is that of somebody else alone: this account cannot write there',
        advice: 'Name another topic, or have its owner change the submit key.',
        code: 'INVALID_CONFIG',
      },
      foreign: {
        level: 'error',
        what: 'it is the journal of another coordinator',
        advice: 'Name the topic that "coordinator init" made for this account.',
        code: 'INVALID_CONFIG',
      },
      strange: {
        level: 'warning',
        what: 'it was not made by the coordinator, or begins with messages that are none of ours',
        advice: 'Check that it is the topic that "coordinator init" made.',
      },
    },
  },
  agents: {
    by: [...COORDINATOR, ...GATEKEEPER],
    looksAt: 'who may work, and who would like to',
    problems: {
      none: {
        level: 'warning',
        what: 'no agent may work',
        advice: 'Let one work with "coordinator add-agent <account>", after it joined with "coordinator invite".',
      },
      'not-allowed': {
        level: 'warning',
        what: 'an agent announced itself on the journal and is not allowed',
        advice: 'If it should work, add it with "coordinator add-agent <account>".',
      },
    },
  },
  artifacts: ARTIFACTS,
  'agent-account': {
    by: COORDINATOR,
    looksAt: 'whether the account of an allowed agent exists',
    problems: {
      unknown: {
        level: 'error',
        what: 'the network has no such account, or it is deleted',
        advice: 'Take it out with "coordinator remove-agent <account>", or correct its id.',
      },
    },
  },
  'agent-holding': {
    by: COORDINATOR,
    looksAt: 'whether an allowed agent can be paid',
    problems: {
      'not-associated': {
        level: 'error',
        what: 'it is not associated with the token',
        advice: 'Have it run "agent-daemon init" with this token.',
      },
      frozen: {
        level: 'error',
        what: 'it is frozen for the token, or lacks its KYC',
        advice: 'Have the holder of the freeze or KYC key of the token clear the account.',
      },
    },
  },
  'agent-inbox': {
    by: COORDINATOR,
    looksAt: "whether the inbox that an agent announced takes this coordinator's assignments, and nobody else's",
    problems: {
      deleted: {
        level: 'error',
        what: 'the inbox does not exist or is deleted',
        advice: 'Have the agent make a new configuration with "agent-daemon init", and start it again.',
      },
      'submit-key': {
        level: 'error',
        what: "its submit key is not this coordinator's",
        advice:
          'Have the agent run "agent-daemon init" again, which gives its inbox the key of the coordinator that it names; if that is another, "agent-daemon init --join" with the line of "coordinator invite".',
      },
    },
  },
  'agent-online': {
    by: COORDINATOR,
    looksAt: 'when an allowed agent was last online, as the journal says',
    problems: {
      never: {
        level: 'warning',
        what: 'it never announced itself on this journal',
        advice: 'Start its daemon with "agent-daemon serve"; check that it names this journal.',
      },
      offline: {
        level: 'warning',
        what: 'it stopped, or its lease was not renewed',
        advice: 'Start its daemon with "agent-daemon serve".',
      },
    },
  },
  'agent-address': {
    by: COORDINATOR,
    looksAt: 'whether the daemon of an agent that is online answers with the certificate that it announced',
    problems: {
      unreachable: {
        level: 'error',
        what: 'nothing answers at its address from here',
        advice: 'Check that its daemon runs and that "advertise" in its configuration can be reached from this host.',
      },
      certificate: {
        level: 'error',
        what: 'another certificate is shown there than the ledger says',
        advice: 'Have the daemon publish its certificate (SIGHUP or a restart), and check who listens at that address.',
      },
      plaintext: {
        level: 'warning',
        what: 'it announced no certificate: it serves without TLS',
        advice: 'Start its daemon without --insecure-loopback.',
      },
    },
  },
  coordinator: {
    by: AGENT,
    looksAt: "the coordinator's account",
    problems: {
      unknown: {
        level: 'error',
        what: 'the network has no such account, or it has no single key to recognise it by',
        advice: 'Check coordinator.account in the configuration and GATEPOST_NETWORK.',
        code: 'INVALID_CONFIG',
      },
    },
  },
  inbox: {
    by: AGENT,
    looksAt: 'whether the inbox takes assignments of the coordinator alone',
    problems: {
      unknown: {
        level: 'error',
        what: 'the network has no such topic, or it is deleted',
        advice: 'Make a new configuration with "agent-daemon init --config <another file>".',
        code: 'INVALID_CONFIG',
      },
      'submit-key': {
        level: 'error',
        what: "it does not carry the coordinator's key as submit key, which may have been changed",
        advice: 'Run "agent-daemon init" again: it gives the inbox the key that the coordinator has now.',
        code: 'INVALID_CONFIG',
      },
    },
  },
  certificate: {
    by: [...AGENT, ...GATEKEEPER],
    looksAt: 'the certificate of the daemon and its key',
    problems: {
      invalid: {
        level: 'error',
        what: 'the files are missing, or are no certificate and its key',
        advice: 'Make them with "agent-daemon init --new-certificate".',
        code: 'INVALID_CONFIG',
      },
    },
  },
  listen: {
    by: AGENT,
    looksAt: 'the address that the daemon listens on',
    problems: {
      taken: {
        level: 'error',
        what: 'the port is taken by another program, or the address is not of this host',
        advice: 'Stop what listens there, or name another address with "listen" in the configuration.',
        code: 'INVALID_CONFIG',
      },
    },
  },
  executor: {
    by: AGENT,
    looksAt: 'whether each executor can be run, and how it is confined',
    problems: {
      none: {
        level: 'warning',
        what: 'there is none: this agent can execute nothing',
        advice: 'Name executors in the configuration.',
      },
      broken: {
        level: 'error',
        what: 'its program or module is not there, or cannot be confined as required',
        advice: 'Mend the executor in the configuration, or install what it needs.',
        code: 'INVALID_CONFIG',
      },
      silent: {
        level: 'warning',
        what: 'nothing answers at its URL',
        advice: 'Start the server that it names.',
      },
      unconfined: {
        level: 'warning',
        what: 'its commands are not kept to their own files',
        advice: 'Install bubblewrap, or run what you trust only.',
      },
    },
  },
  user: {
    by: AGENT,
    looksAt: 'who runs the daemon',
    problems: {
      root: {
        level: 'warning',
        what: 'run by root, and so are commands',
        advice: 'Run the daemon as a user of its own.',
      },
    },
  },
  gates: {
    by: GATEKEEPER,
    looksAt: 'the directory in which gate programs run, and whether they are confined',
    problems: {
      missing: {
        level: 'error',
        what: 'there is no such directory',
        advice: 'Make it and put the gate programs there, or name another with gates.directory.',
      },
      unconfined: {
        level: 'warning',
        what: 'gate programs see the files of this user',
        advice: 'Install bubblewrap and leave gates.confine at auto; whoever writes the plan chooses what gates run.',
      },
    },
  },
  enforcement: { by: AGENT, looksAt: 'what is enforced on every command', problems: {} },
  announced: { by: AGENT, looksAt: 'what the daemon announces to enforce on every executor', problems: {} },
  'lease-cost': { by: AGENT, looksAt: 'what renewing the lease costs in a day', problems: {} },
} as const satisfies Record<string, Check>;

export type CheckId = keyof typeof CHECKS;

/** `check.problem`, such as `account-key.kind`. */
export type ProblemId = { [C in CheckId]: `${C}.${keyof (typeof CHECKS)[C]['problems'] & string}` }[CheckId];

/** The entry of a problem. */
export function problemOf(id: ProblemId): Problem {
  const [check = '', problem = ''] = id.split('.');
  const found = (CHECKS as Record<string, Check>)[check]?.problems[problem];
  if (found === undefined) throw new RangeError(`no problem ${id}`);
  return found;
}
