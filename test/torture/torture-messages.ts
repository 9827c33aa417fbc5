import { archived } from './archive.ts';
import { rfc4475 } from './rfc4475.ts';
import { rfc5118 } from './rfc5118.ts';
import type { TortureCase } from './torture-case.ts';

/** All 61. */
export const tortureMessages: readonly (TortureCase & { readonly bytes: Uint8Array })[] = [
  ...rfc4475.map((each) => ({ ...each, name: `RFC 4475 ${each.name}`, bytes: archived(each.name) })),
  ...rfc5118.map((each) => ({ ...each, name: `RFC 5118 ${each.name}` })),
];
