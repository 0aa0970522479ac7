/** What a doctor can find about the custom fees (HIP-18) of the token that pays. */
export const TOKEN_FEES = {
  by: ['coordinator'],
  looksAt: 'the custom fees of the token, as far as the coordinator would owe them',
  problems: {
    'from-payee': {
      level: 'error',
      what: 'the token takes a custom fee out of what is sent: an agent would get less than its price',
      advice:
        "Pay from an account that owes none, the token's treasury or the fee's collector, have the fee made net of transfers, or pay in another token.",
      code: 'INVALID_CONFIG',
    },
    nested: {
      level: 'error',
      what: 'a custom fee of the token is paid in a token that takes custom fees itself',
      advice: 'Pay from an account that owes no custom fees, or in another token.',
      code: 'INVALID_CONFIG',
    },
    unpayable: {
      level: 'error',
      what: 'a custom fee of the token is paid in another token, which the coordinator cannot pay in',
      advice: 'Associate the coordinator with that token and send it some, or pay in another token.',
      code: 'INVALID_CONFIG',
    },
    owed: {
      level: 'warning',
      what: 'each transfer of the token costs the coordinator custom fees beside the prices',
      advice: 'Let the coordinator hold them besides: "coordinator estimate <plan> --config" says how much they are.',
    },
    changeable: {
      level: 'warning',
      what: 'somebody may give the token custom fees, also while a run is going on',
      advice: 'Trust the holder of its fee schedule key, or pay in a token without one.',
    },
  },
} as const;
