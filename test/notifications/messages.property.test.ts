/** Whatever titles and broker's words hold, Telegram takes the message. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Notice } from '../../functions/lifecycle/notices.ts';
import type { SessionKey } from '../../functions/lifecycle/session.ts';
import { composeMessage, type Message } from '../../functions/notifications/messages.ts';
import { createChat } from '../../infra/local/telegram-chat.ts';
import { parseTelegramHtml } from '../../infra/local/telegram-html.ts';

const opensAt = Date.parse('2026-03-09T13:30:00Z');
const closesAt = Date.parse('2026-03-09T20:00:00Z');

const session = fc
  .stringMatching(/^[a-z0-9]{1,12}-(sandbox|prod)(-[a-z0-9]{1,12})?$/)
  .map((key) => key as SessionKey);
const sessions = fc.array(session, { minLength: 1, maxLength: 25 });
const moment = fc.integer({ min: opensAt - 86_400_000, max: closesAt + 86_400_000 });

/** Any text there is, lone surrogates and markup among it. */
const wildText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ maxLength: 300 }).map((text) => `<b>${text}</i>&amp;&#0;<`),
  fc
    .array(fc.constantFrom('\ud83d', '\ude00', '\u0000', '\n', '<', '&', '&lt;', ' '))
    .map((parts) => parts.join('')),
);

const notice: fc.Arbitrary<Notice> = fc.oneof(
  fc.record({
    kind: fc.constant('sign-in-due' as const),
    stage: fc.constantFrom('first', 'reminder', 'open', 'late'),
    sessions,
    opensAt: fc.constant(opensAt),
    closesAt: fc.constant(closesAt),
  }),
  fc.record({
    kind: fc.constant('signed-in' as const),
    session,
    generation: fc.nat(),
    hardEndsAt: moment,
    coversClose: fc.constantFrom(true, false, null),
    proven: fc.boolean(),
    boundTo: fc.array(fc.constantFrom('12', '87'), { maxLength: 3 }),
    stillDue: fc.array(session, { maxLength: 25 }),
  }),
  fc.record({
    kind: fc.constant('sign-in-needed' as const),
    session,
    trouble: fc.constantFrom('token-rejected', 'pin-spent-nothing-saved', 'foreign-account'),
  }),
  fc.record({
    kind: fc.constant('failing' as const),
    session,
    reason: fc.constantFrom('transient', 'configuration', 'clock'),
    problem: wildText,
    failuresInARow: fc.nat({ max: 500 }),
    since: moment,
  }),
  fc.record({
    kind: fc.constant('worker-behind' as const),
    session,
    worker: wildText,
    generation: fc.nat({ max: 9 }),
    newest: fc.nat({ max: 9 }),
    since: moment,
  }),
  fc.record({
    kind: fc.constant('ends-ahead' as const),
    sessions: fc.array(session, { minLength: 1, maxLength: 3 }),
    clock: fc.constantFrom(
      'access' as const,
      'idle' as const,
      'hard-end' as const,
      'refresh-token' as const,
      'consumer-key' as const,
    ),
    lead: fc.constantFrom('hour' as const, 'evening' as const, 'month' as const, 'week' as const),
    endsAt: moment,
  }),
  fc.record({
    kind: fc.constant('recovered' as const),
    session,
    after: fc.nat({ max: 7 * 86_400_000 }),
  }),
  fc.constant({ kind: 'link' as const }),
);

it('is taken by Telegram, whatever titles and problems say', async () => {
  await fc.assert(
    fc.asyncProperty(notice, wildText, moment, async (told, title, now) => {
      const message = await composeMessage(told, {
        now,
        zone: 'America/New_York',
        title: () => title,
        link: async () => 'https://cadence.example/go/link',
      });
      expect(answerTo(message)).toMatchObject({ ok: true });
      expect(message.html).not.toContain('cadence.example');
    }),
    { numRuns: 500 },
  );
});

it('shows a title as it is written, when it is short and plain', async () => {
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[!-~]{1,60}$/), async (title) => {
      const message = await composeMessage(
        { kind: 'recovered', session: 'etrade-prod' as SessionKey, after: 0 },
        {
          now: opensAt,
          zone: 'America/New_York',
          title: () => title,
          link: async () => 'https://cadence.example/go/link',
        },
      );
      const read = parseTelegramHtml(message.html);
      expect(read.ok && read.text.split('\n')[0]).toBe(`✅ ${title} works again.`);
    }),
  );
});

function answerTo(message: Message) {
  const chat = createChat({ clock: () => opensAt, botId: 1, chats: null, onMessage: () => {} });
  // Through JSON, as on the wire: lone surrogates survive it and Telegram refuses them.
  const parameters: unknown = JSON.parse(
    JSON.stringify({
      chat_id: '1',
      text: message.html,
      parse_mode: 'HTML',
      reply_markup: { inline_keyboard: message.buttons.map((button) => [button]) },
    }),
  );
  return chat.answer(
    { token: '', method: 'sendmessage', parameters: { ...(parameters as object) } },
    true,
  );
}
