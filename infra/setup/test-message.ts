/**
 * The test message at the end of setting up: proof that bot, chat and page belong together.
 *
 * Sent once per version of the app's secret; an object in the bucket remembers which.
 */

import * as z from 'zod';
import { Secret } from '../../functions/secret.ts';
import type { ValueParts } from './ask-values.ts';
import type { Cloud } from './cloud.ts';
import { APP_SECRET, type Places } from './places.ts';
import { SetupProblem } from './problem.ts';
import type { Say } from './steps.ts';
import { createTelegram } from './telegram.ts';

export type TestMessage = {
  readonly cloud: Cloud;
  readonly places: Places;
  /** Number of the version whose bot and chat are used. */
  readonly version: string;
  /** The version's value, when it was asked for in this run. */
  readonly app: Secret | null;
  readonly pageUrl: string | null;
};

const appSchema = z.object({ telegramBotToken: z.string(), telegramChatId: z.string() });

export async function sendTestMessage(
  message: TestMessage,
  parts: Pick<ValueParts, 'fetch' | 'telegramUrl'>,
  say: Say,
): Promise<void> {
  const { cloud, places, version, app, pageUrl } = message;
  // Numbers begin anew after a teardown: a value that was given just now is always a new one.
  if (app === null && (await sentWith(cloud, places)) === version) {
    say.already('sent before');
    return;
  }
  // No command of gcloud sends it, and the mark alone would keep the next run from sending.
  if (cloud.isPrinted) return;
  const { telegramBotToken, telegramChatId } = await readApp(message);
  const telegram = createTelegram({
    token: new Secret(telegramBotToken),
    fetch: parts.fetch,
    ...(parts.telegramUrl === null ? {} : { apiRoot: parts.telegramUrl }),
  });
  await telegram.send(telegramChatId, textOf(pageUrl));
  say.made('sent: look at your phone');
  await cloud.change(['storage', 'cp', '-', places.testMessage], {
    doing: 'remember that the message was sent',
    input: `${JSON.stringify({ version })}\n`,
  });
}

function textOf(pageUrl: string | null): string {
  return [
    'token-cadence is set up. From now on the alert of the morning comes here.',
    ...(pageUrl === null
      ? []
      : [
          `The page: ${pageUrl}`,
          'To try a sign-in now, open it and press "Send a new link to my Telegram".',
        ]),
  ].join('\n\n');
}

async function sentWith(cloud: Cloud, places: Places): Promise<string | null> {
  const text = await cloud.ask(['storage', 'cat', places.testMessage], {
    doing: 'see whether the test message was sent',
    schema: z.string().nullable(),
    whenPrinted: null,
    whenAbsent: null,
    isText: true,
  });
  return parseWith(z.object({ version: z.string() }), text ?? '')?.version ?? null;
}

async function readApp({
  cloud,
  places,
  version,
  app,
}: TestMessage): Promise<z.infer<typeof appSchema>> {
  const text =
    app?.reveal() ??
    (await cloud.ask(['secrets', 'versions', 'access', version, `--secret=${APP_SECRET}`], {
      doing: `read ${APP_SECRET}`,
      schema: z.string(),
      whenPrinted: '',
      isText: true,
    }));
  const value = parseWith(appSchema, text);
  if (value !== null) return value;
  throw new SetupProblem(
    `Version ${version} of ${APP_SECRET} is not JSON with "telegramBotToken" and "telegramChatId".`,
    [`A new one: npm run setup -- --project ${places.project} --replace ${APP_SECRET}`],
  );
}

function parseWith<T>(schema: z.ZodType<T>, text: string): T | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
