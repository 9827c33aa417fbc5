import type { Endpoint } from '../../transport/index.ts';
import type { Place } from './plan.ts';

/** Where everybody is in a simulated world. */

export const endsAt: Readonly<Record<Place, Endpoint>> = {
  near: { host: '10.0.1.1', port: 5070 },
  far: { host: '10.0.2.2', port: 5080 },
};

export const strangersAt: readonly Endpoint[] = [{ host: '10.0.9.9', port: 5060 }];

export function hopAt(index: number): Endpoint {
  return { host: `10.0.0.${index + 1}`, port: 5060 };
}

/** Who has a host, whatever the port: `near`, `far`, `hop 0` and so on; undefined for a stranger's. */
export function placeAt({ host }: { readonly host: string }): string | undefined {
  if (host === endsAt.near.host) return 'near';
  if (host === endsAt.far.host) return 'far';
  const number = /^10\.0\.0\.(\d+)$/.exec(host)?.[1];
  return number === undefined ? undefined : `hop ${Number(number) - 1}`;
}
