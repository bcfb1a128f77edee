/**
 * Says ahead of time what no renewal will save: an end within market hours, a slow one the evening before,
 * a consumer key weeks before it dies.
 *
 * A warning is a notice with a fixed id, so whoever finds it first tells it, once. Reads records only where
 * a token's end can be worth a word. Called by send-alerts, and for what is shown by read-status.
 */

import { StoreError } from '../errors.ts';
import { type EndAhead, endsAhead, mayNeedWarning } from '../lifecycle/horizon.ts';
import type { Notice } from '../lifecycle/notices.ts';
import { NEW_RECORD, parseSessionKey, type SessionRecord } from '../lifecycle/session.ts';
import { sessionOf } from './find-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import type { NewNotice } from './tell.ts';

export type EndsAheadNotice = Extract<Notice, { readonly kind: 'ends-ahead' }>;

type Found = { readonly session: ConfiguredSession; readonly end: EndAhead };

/** The warnings that are due. @throws StoreError when the store does not answer */
export async function warningsAhead(system: System): Promise<readonly NewNotice[]> {
  const found: Found[] = [];
  for (const session of system.sessions) {
    const { rules } = session.broker;
    const isWatched = mayNeedWarning(rules, system.calendar(rules.market), system.clock());
    const record = isWatched ? await recordOf(system, session) : NEW_RECORD;
    found.push(...endsOf(system, session, record).map((end) => ({ session, end })));
  }
  return noticesOf(found);
}

/** What the session should be warned of now, by its record. */
export function endsOf(
  system: Pick<System, 'calendar' | 'clock'>,
  { broker: { rules }, consumerKeySince = null }: ConfiguredSession,
  record: SessionRecord,
): readonly EndAhead[] {
  const credentials = { record, rules, consumerKeySince };
  return endsAhead(credentials, system.calendar(rules.market), system.clock());
}

/** Sessions of one consumer key are named together; any other end is one session's. */
export function noticesOf(
  found: readonly Found[],
): readonly (NewNotice & { readonly notice: EndsAheadNotice })[] {
  const notices = new Map<string, EndsAheadNotice>();
  for (const { session, end } of found) {
    const { clock, lead, endsAt } = end;
    const id = `${holderOf(session, end)}/${clock}/${lead}/${new Date(endsAt).toISOString()}`;
    const sessions = [...(notices.get(id)?.sessions ?? []), session.key];
    notices.set(id, { kind: 'ends-ahead', sessions, clock, lead, endsAt });
  }
  return [...notices].map(([id, notice]) => ({ id, notice }));
}

/** The notice as it is true now; `null` once it is over, or somebody has moved the end. */
export async function stillAhead(
  system: System,
  notice: EndsAheadNotice,
): Promise<EndsAheadNotice | null> {
  const sessions: EndsAheadNotice['sessions'][number][] = [];
  for (const key of notice.sessions) {
    const session = sessionOf(system, key);
    if (session === null) continue;
    const isToken = notice.clock !== 'consumer-key';
    const { record } = isToken ? await system.store.load(key) : { record: NEW_RECORD };
    const isAhead = endsOf(system, session, record).some(
      ({ clock, endsAt }) => clock === notice.clock && endsAt === notice.endsAt,
    );
    if (isAhead) sessions.push(key);
  }
  return sessions.length === 0 ? null : { ...notice, sessions };
}

/** A record that does not read warns of nothing and silences no other: health names it. */
async function recordOf(system: System, { key }: ConfiguredSession): Promise<SessionRecord> {
  try {
    return (await system.store.load(key)).record;
  } catch (error) {
    if (!(error instanceof StoreError) || error.retryable) throw error;
    return NEW_RECORD;
  }
}

function holderOf({ key }: ConfiguredSession, { clock }: EndAhead): string {
  const name = parseSessionKey(key);
  return clock !== 'consumer-key' || name === null ? key : `${name.broker}-${name.environment}`;
}
