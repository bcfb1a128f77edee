/**
 * Tells people what a proof has changed: a warning when the broker fails, the all-clear after it, and at
 * once when only a sign-in helps.
 *
 * Every notice is named after the fact, not after the moment it was found: whoever else finds the same
 * fact, now or in the next run, tells nothing new. Called after a proof and by each run that finds a
 * session rejected.
 */

import { StoreError } from '../errors.ts';
import { isAttemptLost } from '../lifecycle/attempts.ts';
import { WARN_AFTER_FAILURES } from '../lifecycle/limits.ts';
import { closeWarning, openWarning } from '../lifecycle/service.ts';
import type { SessionRecord } from '../lifecycle/session.ts';
import type { ProveResult } from './prove-session.ts';
import type { ConfiguredSession, System } from './system.ts';
import { tell } from './tell.ts';
import { tellConfirmed } from './tell-signed-in.ts';

/** Never fails its caller. `record` is what the proof has left. */
export async function tellProof(
  system: System,
  session: ConfiguredSession,
  result: ProveResult,
  record: SessionRecord,
): Promise<void> {
  switch (result.outcome) {
    case 'proven':
      return tellWorks(system, session, record);
    case 'busy':
      return;
    case 'rejected':
      return tellRejected(system, session, record);
    case 'failed':
      return tellFailing(system, session, result.failure, record);
  }
}

/**
 * The broker refused the token before its computed end: said once per token, at any hour. Not to somebody who
 * signs in at this moment (at some brokers that is what ends the old token): if it comes to nothing, the next run
 * says it.
 */
export async function tellRejected(
  system: System,
  { key }: ConfiguredSession,
  record: SessionRecord,
): Promise<void> {
  if (record.pending !== null && !isAttemptLost(record, system.clock())) return;
  const { generation } = record;
  await tell(system, [
    {
      id: `${key}/rejected/${generation}`,
      notice: { kind: 'sign-in-needed', session: key, trouble: 'token-rejected' },
    },
  ]);
}

async function tellWorks(
  system: System,
  session: ConfiguredSession,
  record: SessionRecord,
): Promise<void> {
  const { key } = session;
  try {
    const { record: service } = await system.store.loadService();
    await tellConfirmed(system, session, service, record);
    const since = service.warnings
      .filter((warning) => warning.session === key)
      .map((warning) => warning.since);
    if (since.length === 0) return;
    const began = Math.min(...since);
    const after = system.clock() - began;
    await tell(
      system,
      [{ id: `${key}/recovered/${began}`, notice: { kind: 'recovered', session: key, after } }],
      (before) => closeWarning(before, key),
    );
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    system.log.error('notice-not-saved', 'Open warnings could not be read.', error, {
      session: key,
    });
  }
}

async function tellFailing(
  system: System,
  { key }: ConfiguredSession,
  { reason, problem }: Extract<ProveResult, { outcome: 'failed' }>['failure'],
  record: SessionRecord,
): Promise<void> {
  if (reason === 'sign-in-needed' || reason === 'renewable') return;
  const { failuresInARow } = record.counts;
  if (reason === 'transient' && failuresInARow < WARN_AFTER_FAILURES) return;
  const now = system.clock();
  await tell(
    system,
    [
      {
        // Of one token, since its last success: once per reason, whoever finds it.
        id: `${key}/failing/${reason}/${record.generation}/${record.lastSuccessAt ?? 'never'}`,
        notice: { kind: 'failing', session: key, reason, problem, failuresInARow, since: now },
      },
    ],
    (before) => openWarning(before, { session: key, reason, since: now }),
  );
}
