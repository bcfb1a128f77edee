/**
 * Every number of the token lifecycle, named with its unit, each with its why.
 *
 * Pure data; broker-specific numbers are in that broker's rules. Read by lifecycle and operations.
 */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** How often the scheduler calls keep-alive; a test holds it against scheduler.yaml. */
export const KEEP_ALIVE_EVERY_MS = 15 * MINUTE_MS;

/** A renewal happens when a token would not last until the next run plus this: runs can be late. */
export const RENEWAL_MARGIN_MS = 5 * MINUTE_MS;

/** A refresh that would win less than a worker's own margin is not worth a new token. */
export const RENEWAL_WORTH_MS = MINUTE_MS;

/** A transient failure warns at this many in a row: one bad answer is weather, three are climate. */
export const WARN_AFTER_FAILURES = 3;

/** The right to refresh is one process's for this long; one that died blocks the others no longer. */
export const REFRESH_LEASE_MS = MINUTE_MS;

/**
 * A refresh begins only with this much of the lease left: a connection that is tried for again, the broker's
 * timeout and the store's deadline.
 */
export const REFRESH_NEEDS_MS = 42 * SECOND_MS;

/** Wrong PINs allowed per session in `PIN_ATTEMPT_WINDOW_MS`: enough for typing errors, too few to guess. */
export const PIN_ATTEMPTS_ALLOWED = 10;
export const PIN_ATTEMPT_WINDOW_MS = HOUR_MS;

/** A sign-in attempt older than this with nothing stored died in between: its PIN is spent and lost. */
export const PENDING_LOST_AFTER_MS = 2 * MINUTE_MS;

/** A superseded version is kept this long after the pointer moved, for readers with old metadata. */
export const SUPERSEDED_KEPT_MS = 60 * MINUTE_MS;

/** A claimed message whose sender died is sent again after this; the scheduler's retries outlast it. */
export const NOTICE_CLAIM_MS = MINUTE_MS;

/** A message that the messenger did not take is tried again after this, too. */
export const NOTICE_RETRY_AFTER_MS = MINUTE_MS;

/** What people were told is remembered this long, so that no market day is told twice. */
export const NOTICE_KEPT_MS = 48 * HOUR_MS;

/** A sign-in answers what people were asked within this time before it. */
export const ASKED_WITHIN_MS = 12 * HOUR_MS;

/** More notices than this are not remembered: four times a morning on which nobody reacts. */
export const NOTICES_KEPT = 60;

/** One lost compare-and-set is normal; after this many the caller gives up and says so. */
export const CONFLICTS_ALLOWED = 3;

/** How many sign-ins the record remembers. */
export const HISTORY_KEPT = 30;

/** Workers report every five minutes; one that was not heard of for this long is offline. */
export const WORKER_SILENT_AFTER_MS = 10 * MINUTE_MS;

/** How long a worker may take to switch to a new token before it counts as lagging: it polls every minute. */
export const ADOPTION_GRACE_MS = MINUTE_MS;

/** A worker that was silent for this long is forgotten. */
export const WORKER_KEPT_MS = 24 * HOUR_MS;

/** People are told of a lagging worker from this long before the open. */
export const ADOPTION_WARNED_BEFORE_OPEN_MS = 15 * MINUTE_MS;

/** The record's size limit: an annotation holds 16 KiB with its key. */
export const RECORD_MAX_BYTES = 16 * 1024 - 256;

/**
 * How long after each link that nobody opened the next one waits, for a caller without a sign of having had
 * one: the owner's phone is not a stranger's to ring.
 */
export const LINK_WAITS_MS = [1, 2, 5, 15, 60].map((minutes) => minutes * MINUTE_MS);

/** "Check now" acts once in this time, and so does "send a new link" of a device that has had one. */
export const MANUAL_ACTION_EVERY_MS = MINUTE_MS;

/** A request on a phone waits this long before the person may have it sent again: nobody hears of a rejection. */
export const APPROVAL_AGAIN_AFTER_MS = 5 * MINUTE_MS;

/** A request that the broker did not answer may have reached the person; its token is taken this long. */
export const APPROVAL_ANSWERED_WITHIN_MS = 24 * HOUR_MS;

/** Reminders between the open and the close come this often. */
export const REMINDER_EVERY_MS = 30 * MINUTE_MS;

/** Reminders before the open come this long before it. */
export const REMINDERS_BEFORE_OPEN_MS = [30 * MINUTE_MS, 15 * MINUTE_MS, 0] as const;

/** The default first alert comes this long before the open. */
export const DEFAULT_ALERT_BEFORE_OPEN_MS = HOUR_MS;

/** Health-check looks at the sessions from this long before a market's open until this long after its close. */
export const HEALTH_CHECK_BEFORE_OPEN_MS = 90 * MINUTE_MS;
export const HEALTH_CHECK_AFTER_CLOSE_MS = 45 * MINUTE_MS;

/** People hear of an end within market hours this long before it. */
export const ENDS_SOON_BEFORE_MS = HOUR_MS;

/** An end that comes this long after the sign-in, or later, is announced the evening before. */
export const SLOW_CLOCK_MS = 48 * HOUR_MS;

/** The evening's hour, in the market's zone: after the close, before people are in bed. */
export const EVENING_WARNING_AT = '18:00';

/** A new consumer key takes days of letters with the broker. */
export const KEY_WARNINGS_BEFORE_MS = { month: 30 * 24 * HOUR_MS, week: 7 * 24 * HOUR_MS } as const;

/** Page colours: green above the first, orange above the second, red below. */
export const GREEN_ABOVE_MS = 3 * HOUR_MS;
export const ORANGE_ABOVE_MS = HOUR_MS;
