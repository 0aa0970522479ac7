/** What a token may be for. */
export const ROLES = ['read', 'submit', 'approve', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What can be asked of a serving coordinator. */
export type Act = 'look' | 'submit' | 'approve' | 'reject' | 'cancel' | 'cancel_of_others';

/** Roles of which one suffices for an act; what each token may do is to look. */
const SUFFICIENT: Readonly<Record<Act, readonly Role[]>> = {
  look: ROLES,
  submit: ['submit', 'admin'],
  approve: ['approve', 'admin'],
  reject: ['approve', 'admin'],
  cancel: ['submit', 'admin'],
  cancel_of_others: ['admin'],
};

export const mayDo = (roles: readonly Role[], act: Act): boolean =>
  SUFFICIENT[act].some((role) => roles.includes(role));

/** The roles that an act takes, in words. */
export const rolesFor = (act: Act): string => SUFFICIENT[act].join(' or ');
