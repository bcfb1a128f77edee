/**
 * One run of a script in this process, on the fake cloud and a fake Telegram: what it said, what it called.
 */

import { createAnswers } from '../../infra/setup/answers.ts';
import type { Gcloud, GcloudAnswer } from '../../infra/setup/gcloud.ts';
import { type Script, type ScriptTerminal, tell } from '../../infra/setup/script.ts';
import type { Finding } from '../../infra/smoke/finding.ts';
import { answerTo, type FakeCall, type FakeCloud } from './fake-cloud.ts';

export const CANARIES = {
  ETRADE_SANDBOX_CONSUMER_KEY: 'canary-consumer-key-0123456789',
  ETRADE_SANDBOX_CONSUMER_SECRET: 'canary-consumer-secret-0123456789',
  ETRADE_PROD_CONSUMER_KEY: 'canary-prod-key-0123456789',
  ETRADE_PROD_CONSUMER_SECRET: 'canary-prod-secret-0123456789',
  TELEGRAM_BOT_TOKEN: '4242424242:AAcanaryBotTokenThatMustNeverShow00',
};

export const CHAT_ID = '77001';

export type Outcome = {
  readonly exitCode: number;
  readonly output: string;
  /** Calls of this run alone. */
  readonly calls: readonly FakeCall[];
  readonly telegram: FakeTelegram;
  /** Each wait, in milliseconds. */
  readonly waits: readonly number[];
  /** Outputs of what was asked whether it lives. */
  readonly asked: readonly string[];
};

export type FakeTelegram = {
  readonly sent: { chatId: string; text: string }[];
  /** What people wrote to the bot; `<code>` stands for the code they were told. */
  messages: { chatId: number; type: string; text: string; from?: string }[];
  /** What `getUpdates` answers with. */
  status: number;
};

export type RunOptions = {
  readonly args?: readonly string[];
  /** Lines on standard input. @default the canaries */
  readonly answers?: Readonly<Record<string, string>>;
  /** At a terminal: asked one after the other. */
  readonly typed?: readonly string[];
  readonly telegram?: Partial<FakeTelegram>;
  /** What is checked out. @default 'bcde9fc' */
  readonly commit?: string | null;
  /** What a look at the deployed functions finds. @default nothing */
  readonly findings?: readonly Finding[];
  /** Takes the place of a call's answer; `null` lets it through. */
  readonly intercept?: (
    index: number,
    run: () => GcloudAnswer,
    args: readonly string[],
  ) => GcloudAnswer | null;
};

export async function runScript(
  script: Script,
  cloud: FakeCloud,
  options: RunOptions = {},
): Promise<Outcome> {
  const written: string[] = [];
  const telegram: FakeTelegram = {
    sent: [],
    messages: [{ chatId: Number(CHAT_ID), type: 'private', text: '/start <code>' }],
    status: 200,
    ...options.telegram,
  };
  const from = cloud.calls.length;
  const waits: number[] = [];
  const asked: string[] = [];
  const gcloud: Gcloud = (args, input) => {
    const index = cloud.calls.length - from;
    const text = input === undefined ? '' : typeof input === 'string' ? input : input.reveal();
    const run = (): GcloudAnswer => answerTo(cloud, args, text);
    const replaced = options.intercept?.(index, run, args) ?? null;
    if (replaced !== null && cloud.calls.length === from + index) {
      // Counted all the same, so that an index names a call.
      cloud.calls.push({ args, input: null, isChange: false, exitCode: replaced.exitCode });
    }
    return Promise.resolve(replaced ?? run());
  };
  const typed = [...(options.typed ?? [])];
  const piped = Object.entries(options.answers ?? CANARIES).map(
    ([name, value]) => `${name}=${value}`,
  );
  const write = (text = ''): void => void written.push(text);
  const terminal: ScriptTerminal = {
    isInteractive: options.typed !== undefined,
    line: write,
    note: write,
    problem: (text, ...advice) =>
      write([`✗ ${text}`, ...advice.map((line) => `  ${line}`)].join('\n')),
    paint: (_style, text) => text,
    table: (rows) => rows.forEach((row) => void write(row.join('  '))),
    progress: (_text, work) => work,
    ask: (question) => {
      write(question);
      return Promise.resolve(typed.shift() ?? '');
    },
    askHidden: (question) => {
      write(question);
      return Promise.resolve(typed.shift() ?? '');
    },
    readLine: () => Promise.resolve(piped.shift() ?? null),
  };
  let exitCode = 0;
  try {
    await script(
      {
        terminal,
        answers: createAnswers(terminal),
        gcloud,
        wait: async (ms) => void waits.push(ms),
        random: (size) => new Uint8Array(size).fill(0xab),
        fetch: telegramFetch(telegram, written),
        telegramUrl: null,
        commit: async () => (options.commit === undefined ? 'bcde9fc' : options.commit),
        smoke: async (outputs) => {
          asked.push(outputs);
          return options.findings ?? [];
        },
      },
      options.args ?? ['--project', 'my-trading-123456'],
    );
  } catch (error) {
    exitCode = tell(error, terminal);
  }
  return {
    exitCode,
    output: written.join('\n'),
    calls: cloud.calls.slice(from),
    telegram,
    waits,
    asked,
  };
}

/** Answers for api.telegram.org; the code is read off the screen, as the person does. */
function telegramFetch(telegram: FakeTelegram, screen: readonly string[]): typeof fetch {
  return async (address, init) => {
    const path = new URL(String(address)).pathname;
    const method = path.slice(path.lastIndexOf('/') + 1);
    const body: Record<string, unknown> = JSON.parse(String(init?.body ?? '{}'));
    const reply = (status: number, answer: unknown): Response =>
      new Response(JSON.stringify(answer), { status });
    if (method === 'getUpdates' && telegram.status !== 200) {
      return reply(telegram.status, {
        ok: false,
        error_code: telegram.status,
        description: 'Refused',
      });
    }
    if (!path.includes(CANARIES.TELEGRAM_BOT_TOKEN)) {
      return reply(401, { ok: false, error_code: 401, description: 'Unauthorized' });
    }
    if (method === 'getMe') return reply(200, { ok: true, result: { username: 'cadence_bot' } });
    if (method === 'sendMessage') {
      telegram.sent.push({ chatId: String(body['chat_id']), text: String(body['text']) });
      return reply(200, { ok: true, result: {} });
    }
    const code = /start=([0-9a-f]+)/.exec(screen.join('\n'))?.[1] ?? '';
    const updates = telegram.messages.map(({ chatId, type, text, from }, index) => ({
      update_id: index + 1,
      message: {
        text: text.replace('<code>', code),
        chat: { id: chatId, type },
        from: { first_name: from ?? 'Trader' },
      },
    }));
    const result = updates.filter(({ update_id }) => update_id >= Number(body['offset'] ?? 0));
    return reply(200, { ok: true, result });
  };
}

export function changesOf(calls: readonly FakeCall[]): string[] {
  return calls.filter(({ isChange }) => isChange).map(({ args }) => args.join(' '));
}
