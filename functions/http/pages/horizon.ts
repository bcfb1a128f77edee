/**
 * The credential horizon on the pages: a session's clocks as a list, and the ends that nobody but a person
 * can move as boxes at the top.
 *
 * From status data to markup; decides nothing. Used by `dashboard.ts` and `session-card.ts`.
 */

import type { SessionStatus, Status } from '../../operations/read-status.ts';
import { type Html, html } from './html.ts';
import { dayText, momentText, zoneText } from './moments.ts';
import { AHEAD, CLOCK, DASHBOARD, MOVED_BY } from './texts.ts';

type View = { readonly now: number; readonly zone: string };

/** Above the cards, where nothing else says whose clock it is. */
type NoteView = View & { readonly hasOwnZone: boolean };

/** All it is under, as a row of the card's facts; nothing where no clock is known. */
export function clocksFact({ clocks }: Pick<SessionStatus, 'clocks'>, view: View): Html | null {
  if (clocks.length === 0) return null;
  return html`<div class="wide"><dt>${DASHBOARD.clocks}</dt><dd><ul class="plain clocks">${clocks.map(
    ({ name, endsAt, movedBy }) =>
      html`<li data-clock="${name}"><span>${CLOCK[name]}</span><time datetime="${endsAt}">${endText(name, endsAt, view)}</time><span class="small soft">${MOVED_BY[movedBy]}</span></li>`,
  )}</ul></dd></div>`;
}

/** One box an end, the first to come first. */
export function aheadNotes(
  { warnings, sessions }: Pick<Status, 'warnings' | 'sessions'>,
  viewOf: (session: SessionStatus | undefined) => NoteView,
): readonly Html[] {
  const byEnd = warnings.toSorted((a, b) => Date.parse(a.endsAt) - Date.parse(b.endsAt));
  return byEnd.map(({ sessions: keys, clock, lead, endsAt }) => {
    const named = sessions.filter(({ key }) => keys.includes(key));
    const who = named.map(({ title }) => title).join(', ');
    const view = viewOf(named[0]);
    const city = view.hasOwnZone && clock !== 'consumer-key' ? ` ${zoneText(view.zone)}` : '';
    const words = AHEAD[lead](who, `${endText(clock, endsAt, view)}${city}`);
    return html`<section class="note warn" data-ahead="${lead}"><h2>${words.title}</h2>
<p>${words.text}</p></section>
`;
  });
}

/** A key's end is a day, for nobody knows the hour. */
function endText(clock: string, endsAt: string, { now, zone }: View): string {
  const at = Date.parse(endsAt);
  return clock === 'consumer-key' ? dayText(at, 'UTC') : momentText(at, now, zone);
}
