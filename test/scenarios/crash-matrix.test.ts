/**
 * The crash matrix: the built functions are killed hard before and after every single remote call of a
 * sign-in, of a renewal and of a sign-in that replaces a token. Nobody does anything; one health check brings
 * record, versions, events and people to agreement.
 *
 * Prints the table of all kills. `ROWS=` a text runs only the calls whose name contains it.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNewestToken } from '../../functions/storage/session-store.ts';
import type { PubsubEmulator } from '../../infra/local/emulators/pubsub-emulator.ts';
import type { Phase } from '../fixtures/call-gate.ts';
import { type FunctionProcess, firstAnswer } from '../fixtures/function-process.ts';
import {
  type BuiltFunctions,
  buildFunctions,
  type GoogleWorld,
  KEY,
  openGoogleWorld,
} from '../fixtures/google-world.ts';
import { HAS_PUBSUB_EMULATOR, openPubsubEmulator } from '../fixtures/pubsub-emulator.ts';
import { sessionKey } from '../fixtures/records.ts';
import { HOUR_MS, MINUTE_MS } from '../fixtures/test-clock.ts';

/** Worlds that are played at the same time. */
const AT_ONCE = 2;

/** An attempt counts as lost after two minutes, a message's claim lapses after one. */
const LATER_MS = 3 * MINUTE_MS;

type Story = {
  readonly name: string;
  /** Brings a world to the moment before the story's calls. */
  readonly prepare: (world: GoogleWorld) => Promise<void>;
  /** The process that will be killed, listening. */
  readonly start: (world: GoogleWorld) => Promise<FunctionProcess>;
  /** What makes its calls; a killed process ends it early. */
  readonly play: (world: GoogleWorld, process: FunctionProcess) => Promise<void>;
};

type Row = {
  readonly story: string;
  readonly call: string;
  readonly number: number;
  readonly phase: Phase | 'not killed';
  readonly result: string;
};

type Kill = { readonly number: number; readonly phase: Phase };

async function listening(world: GoogleWorld): Promise<FunctionProcess> {
  const started = await world.start('pin-exchange');
  await firstAnswer(started, '/nowhere');
  return started;
}

/** The broker's page is done with: what is left is to paste the PIN. */
async function openSignIn(world: GoogleWorld): Promise<string> {
  await world.person.open(await world.link());
  await world.person.start(KEY);
  return world.person.approve(KEY);
}

const pins = new WeakMap<GoogleWorld, string>();

const pasteThePin = async (world: GoogleWorld): Promise<void> => {
  await world.person.paste(KEY, pins.get(world) ?? '').catch(() => {});
};

async function signInAndOpen(world: GoogleWorld): Promise<FunctionProcess> {
  const started = await listening(world);
  pins.set(world, await openSignIn(world));
  return started;
}

async function signedIn(world: GoogleWorld): Promise<void> {
  await world.signIn();
  await world.events();
}

const STORIES: readonly Story[] = [
  {
    name: 'sign-in',
    prepare: async () => {},
    start: signInAndOpen,
    play: pasteThePin,
  },
  {
    name: 'sign-in over a token',
    prepare: async (world) => {
      await signedIn(world);
      world.advance(10 * MINUTE_MS);
    },
    start: signInAndOpen,
    play: pasteThePin,
  },
  {
    name: 'renewal',
    prepare: async (world) => {
      await signedIn(world);
      world.advance(3 * HOUR_MS);
    },
    start: (world) => world.start('keep-alive'),
    play: async (_world, process) => {
      await firstAnswer(process, '/', {}, 'POST').catch(() => {});
    },
  },
];

/** Plays a story in a world of its own, with or without a kill, and judges what is left of it. */
async function playIn(story: Story, built: BuiltFunctions, host: string, kill: Kill | null) {
  const world = await openGoogleWorld({ built, pubsubHost: host });
  try {
    await story.prepare(world);
    const generation = (await world.record()).generation;
    const told = world.messages().length;
    const process = await story.start(world);
    world.log.forget();
    let wasKilled = false;
    if (kill !== null) {
      world.log.killAt(kill.number, kill.phase, () => {
        wasKilled = true;
        return process.stop();
      });
    }
    await story.play(world, process);
    const calls = [...world.log.calls];
    await process.stop();
    world.log.forget();
    world.advance(LATER_MS);
    const report = await world.call('health-check');
    try {
      const result = await judge(world, { calls, generation, told });
      return { calls, wasKilled, result };
    } catch (error) {
      throw new Error(`${String(error)}\n${report.text}`, { cause: error });
    }
  } finally {
    await world.close();
  }
}

type Before = {
  readonly calls: readonly string[];
  readonly generation: number;
  readonly told: number;
};

/** Says what became of the story, and fails when record, versions, events and people disagree. */
async function judge(world: GoogleWorld, { calls, generation, told }: Before): Promise<string> {
  const record = await world.record();
  const newest = await readNewestToken(
    world.store,
    sessionKey(KEY),
    record.version,
    record.generation,
  );
  expect(newest?.version ?? null).toBe(record.version);
  expect(newest?.token.generation ?? 0).toBe(record.generation);
  expect(record).toMatchObject({ undelivered: [], pending: null, lease: null });
  // The last token, and the one before it for an hour.
  expect((await world.liveVersions()).length).toBe(Math.min(record.generation, 2));

  const events = await world.events();
  for (const event of events) {
    const stored = await world.store.readToken(event.session, event.version);
    expect(stored).toMatchObject({ status: 'found', token: { generation: event.generation } });
  }
  const publishedAt = calls.indexOf('pubsub Publish');
  if (publishedAt !== -1) {
    expect(calls.indexOf('secret-manager addSecretVersion (session)')).toBeLessThan(publishedAt);
    expect(calls).toContain('secret-manager addSecretVersion (session)');
  }
  const messages = world.messages().slice(told);
  const count = (text: string): number => messages.filter((one) => one.includes(text)).length;
  expect(
    (await world.store.loadService()).record.notices.map(({ delivery }) => delivery.state),
  ).toEqual(expect.not.arrayContaining(['queued', 'sending']));

  if (record.generation > generation) {
    expect(record).toMatchObject({ generation: generation + 1, proof: 'proven' });
    expect(events.map((event) => event.generation)).toContain(record.generation);
    expect(count('nothing was saved')).toBe(0);
    expect(count('✅')).toBeGreaterThanOrEqual(1);
    expect(count('✅')).toBeLessThanOrEqual(2);
    const twice = [count('✅') > 1 ? '✅ twice' : '', events.length > 1 ? 'event twice' : ''];
    return ['saved and told', ...twice.filter((text) => text !== '')].join(', ');
  }
  expect(events).toEqual([]);
  expect(count('✅')).toBe(0);
  if (calls.some((call) => call.startsWith('etrade access_token')) || count('nothing was saved')) {
    expect(count('nothing was saved')).toBe(1);
    return 'nothing saved, the person is asked to start again';
  }
  if (generation > 0) {
    expect(record.proof).toBe('proven');
    return record.lastRenewedAt === null ? 'the token works' : 'the token is renewed and works';
  }
  return 'nothing happened, nothing was lost';
}

describe.skipIf(!HAS_PUBSUB_EMULATOR)('a process killed at any of its remote calls', () => {
  let built: BuiltFunctions;
  let emulator: PubsubEmulator;
  const rows: Row[] = [];

  beforeAll(async () => {
    built = await buildFunctions();
    emulator = await openPubsubEmulator();
  });

  afterAll(async () => {
    await emulator?.stop();
    built?.remove();
    process.stdout.write(tableOf(rows));
  });

  it.each(STORIES)(
    'leaves nothing that one health check does not settle: $name',
    async (story) => {
      const whole = await playIn(story, built, emulator.host, null);
      expect(whole.wasKilled).toBe(false);
      const shown = (row: Omit<Row, 'story'>): void =>
        void rows.push({ story: story.name, ...row });
      shown({ call: '(none)', number: -1, phase: 'not killed', result: whole.result });
      const kills = whole.calls.flatMap((call, number) =>
        (['before', 'after'] as const).map((phase) => ({ call, number, phase })),
      );
      const waiting = kills.filter(({ call }) => call.includes(process.env['ROWS'] ?? ''));
      const problems: string[] = [];
      const runner = async (): Promise<void> => {
        for (let kill = waiting.shift(); kill !== undefined; kill = waiting.shift()) {
          const { call, number, phase } = kill;
          try {
            const { wasKilled, result } = await playIn(story, built, emulator.host, kill);
            expect(wasKilled).toBe(true);
            shown({ call, number, phase, result });
          } catch (error) {
            problems.push(`${phase} ${number} ${call}: ${String(error)}`);
            shown({ call, number, phase, result: 'FAILED' });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, runner));
      expect(problems).toEqual([]);
      const results = new Set(
        rows.filter((row) => row.story === story.name).map((row) => row.result),
      );
      expect(results.size).toBeGreaterThan(1);
    },
    180_000,
  );
});

/** Every step by before and after. */
function tableOf(rows: readonly Row[]): string {
  const lines = STORIES.flatMap(({ name }) => {
    const own = rows.filter((row) => row.story === name);
    const numbers = [...new Set(own.map(({ number }) => number))].sort((a, b) => a - b);
    const cells = numbers.flatMap((number) => {
      const at = own.filter((row) => row.number === number);
      const of = (phase: Row['phase']): string =>
        at.find((row) => row.phase === phase)?.result ?? '';
      const call = at[0]?.call ?? '';
      return number === -1
        ? [`${''.padStart(4)}${'not killed'.padEnd(56)}${of('not killed')}`]
        : [
            `${String(number + 1).padStart(3)} ${call.padEnd(48)}before  ${of('before')}`,
            `${''.padStart(52)}after   ${of('after')}`,
          ];
    });
    return ['', name, ...cells];
  });
  return `${lines.join('\n')}\n`;
}
