import type { Ledger } from '../ledger.js';

/** The line of JSON that says the network is ready. */
export function readyJson({ host, ports, operator, accounts }: Ledger): string {
  return JSON.stringify({ event: 'ready', host, ports, operator, accounts });
}

/** The same for people. */
export function readyText({ host, controlHost, ports, operator, accounts }: Ledger): string {
  const lines = [
    `consensus node   ${host}:${ports.consensus} (0.0.3)`,
    `mirror gRPC      ${host}:${ports.mirrorGrpc}`,
    `mirror REST      http://${host}:${ports.mirrorRest}/api/v1`,
    `fee estimates    http://${host}:${ports.fees}/api/v1/network/fees`,
    `controls         http://${controlHost}:${ports.control}`,
    `operator         ${operator.accountId}  ${operator.privateKey}`,
    ...accounts.map(({ accountId, privateKey }) => `account          ${accountId}  ${privateKey}`),
  ];
  const others = host === controlHost ? '' : ' Whoever reaches this address owns the network: trusted hosts only.';
  return `${lines.join('\n')}\nThese keys are public: use them for development only.${others}`;
}
