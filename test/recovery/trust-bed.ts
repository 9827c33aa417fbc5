import { createHash } from 'node:crypto';
import * as assert from 'uvu/assert';
import type { Dialog } from '../../core/index.ts';
import { type Bed, type BedOptions, bed, call } from '../engine/bed.ts';
import type { RawDialog, RawRequest } from '../engine/raw-dialog.ts';
import { RawPeer, type Sip } from '../engine/raw-peer.ts';
import { host } from '../engine/world.ts';

export const optionTag = 'Supported: ms-dialog-route-set-update';

/** A call through a listed hop, and a stranger who knows all of it. */
export interface TrustBed extends Bed {
  readonly dialog: Dialog;
  readonly raw: RawDialog;
  readonly stranger: RawPeer;
  /** A Record-Route of the stranger's. */
  readonly strangers: string;
  /** Sends a refresh with this Record-Route and gives the response, which must come to its sender. */
  refresh(recordRoute: readonly string[], request?: RawRequest & { readonly method?: string }): Promise<Sip>;
  /** The Route of the next request of ours, wherever it goes. */
  route(): Promise<string>;
  generation(): Promise<number>;
}

export async function trustBed(options: BedOptions = {}): Promise<TrustBed> {
  const ground = await bed({ hops: 1, ...options });
  const stranger = await RawPeer.open(ground, 'stranger', 6666);
  const { dialog, raw } = await call(ground);
  const { hop, other, clock, take } = ground;
  const peers = [hop, other, stranger];
  return {
    ...ground,
    dialog,
    raw,
    stranger,
    strangers: `<${stranger.uri};lr>`,
    refresh: async (recordRoute, { method = 'UPDATE', headers = [], ...request } = {}) => {
      const by = request.by ?? hop;
      const before = by.responses(method).length;
      const lines = [optionTag, ...recordRoute.map((value) => `Record-Route: ${value}`), ...headers];
      raw.request(method, { ...request, headers: lines });
      await clock.run(5);
      const response = by.responses(method)[before];
      if (response === undefined) throw new Error('the refresh was not answered');
      return response;
    },
    route: async () => {
      const before = peers.map((peer) => peer.requests('INFO').length);
      await take(dialog.request('INFO'));
      const info = peers.flatMap((peer, index) => peer.requests('INFO').slice(before[index]));
      assert.is(info.length, 1);
      return info[0]?.header('Route') ?? '';
    },
    generation: async () => (await take(dialog.routeStatus())).generation,
  };
}

/** An Authorization line for a 401, made from RFC 2617 without a line of ours. */
export function answerTo(
  challenge: Sip,
  request: {
    readonly username?: string;
    readonly password?: string;
    readonly method?: string;
    readonly uri?: string;
    readonly nc?: string;
    readonly algorithm?: 'MD5' | 'SHA-256';
    readonly nonce?: string;
  } = {},
): string {
  const { username = 'bob', password = 'zanzibar', method = 'UPDATE', uri = `sip:${host}:5060` } = request;
  const { nc = '00000001', algorithm = 'SHA-256' } = request;
  const line = challenge.all('WWW-Authenticate').find((value) => value.includes(`algorithm=${algorithm}`)) ?? '';
  const param = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(line)?.[1] ?? '';
  const nonce = request.nonce ?? param('nonce');
  const h = (text: string): string =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const a1 = h(`${username}:${param('realm')}:${password}`);
  const response = h(`${a1}:${nonce}:${nc}:0a4f113b:auth:${h(`${method}:${uri}`)}`);
  const quoted = Object.entries({ username, realm: param('realm'), nonce, uri, response, cnonce: '0a4f113b' });
  const params = quoted.map(([name, value]) => `${name}="${value}"`);
  return `Authorization: Digest ${params.join(', ')}, qop=auth, nc=${nc}, algorithm=${algorithm}`;
}
