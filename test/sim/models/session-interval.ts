import type { Agent } from './agent.ts';
import type { Dialog } from './dialog.ts';
import type { Header, Message } from './message.ts';
import { leastIntervalS, type SessionExpires, sessionExpiresOf } from './session-timer.ts';

/** What INVITE and UPDATE say of the session timer (RFC 4028 §7.1, §7.4). `minSeS`: what a 422 has asked for. */
export function askedInterval(agent: Agent, dialog: Dialog | undefined, minSeS: number): readonly Header[] {
  const leastS = Math.max(minSeS, dialog?.minSeS ?? 0);
  const headers: Header[] = leastS > 0 ? [['Min-SE', String(leastS)]] : [];
  const currentS = dialog === undefined ? agent.options.sessionIntervalS : (dialog.timer?.intervalS ?? 0);
  if (currentS === 0) return headers;
  const refresher = dialog === undefined ? '' : `;refresher=${dialog.timer?.isOurs ? 'uac' : 'uas'}`;
  return [...headers, ['Session-Expires', `${Math.max(leastS, currentS, leastIntervalS)}${refresher}`]];
}

/** A 2xx has come to a request with these headers: the interval begins anew (RFC 4028 §7.2). */
export function takeInterval(dialog: Dialog, asked: readonly Header[], response: Message): void {
  const granted = sessionExpiresOf(response);
  const own = asked.find(([name]) => name === 'Session-Expires');
  if (granted !== undefined) dialog.timer?.restart(granted.intervalS, granted.refresher !== 'uas');
  else dialog.timer?.restart(own === undefined ? 0 : Number.parseInt(own[1], 10), true);
}

/** An interval that the far end finds too small: the least that it takes, in seconds. */
export function tooSmall(agent: Agent, request: Message): number | undefined {
  const asked = sessionExpiresOf(request);
  if (asked === undefined || !request.lists('supported', 'timer')) return undefined;
  return asked.intervalS < leastIntervalS ? leastIntervalS : agent.wantsLonger(request.callId, asked.intervalS);
}

/** What the 2xx to a request grants, and who refreshes (RFC 4028 §9, table 2). A session that is not there yet has no timer. */
export function grantedInterval(agent: Agent, dialog: Dialog, request: Message): Granted {
  const asked = sessionExpiresOf(request);
  const leastS = Math.max(Number(request.header('min-se').split(';', 1)[0]), leastIntervalS);
  dialog.minSeS = Math.max(dialog.minSeS, request.has('min-se') ? leastS : 0);
  const wantedS = dialog.timer?.intervalS || (dialog.state === 'early' ? agent.options.sessionIntervalS : 0);
  const isEarly = dialog.state === 'early' && request.method !== 'INVITE';
  if (isEarly || (asked === undefined && wantedS === 0)) return { headers: [], intervalS: 0, isOurs: false };
  const intervalS =
    asked === undefined
      ? Math.max(wantedS, leastS)
      : Math.max(Math.min(asked.intervalS, wantedS || asked.intervalS), Math.min(leastS, asked.intervalS));
  const isSupported = request.lists('supported', 'timer');
  const refresher = asked?.refresher ?? chosenRefresher(agent, dialog, isSupported);
  const headers: Header[] = [['Session-Expires', `${intervalS};refresher=${refresher}`]];
  if (isSupported) headers.push(['Require', 'timer']);
  return { headers, intervalS, isOurs: refresher === 'uas' };
}

export interface Granted {
  readonly headers: readonly Header[];
  readonly intervalS: number;
  readonly isOurs: boolean;
}

function chosenRefresher(agent: Agent, dialog: Dialog, isSupported: boolean): NonNullable<SessionExpires['refresher']> {
  if (!isSupported) return 'uas';
  if (dialog.timer !== undefined && dialog.timer.intervalS > 0) return dialog.timer.isOurs ? 'uas' : 'uac';
  return agent.diceFor(`refresher ${dialog.callId}`).pick(['uas', 'uac'] as const);
}
