/**
 * What Terraform gives the functions is what the code reads: environment, secrets, names of log events.
 *
 * Reads the outputs of Terraform's own test runs; no HCL is parsed here.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { BROKERS } from '../../functions/brokers/registry.ts';
import { readConfig, type Uses } from '../../functions/config.ts';
import { parseSessionKey } from '../../functions/lifecycle/session.ts';
import { mirrorNames } from '../../functions/storage/mirror-secrets.ts';
import { FUNCTIONS } from '../../infra/build/bundle.ts';
import { NODE_OPTIONS } from '../../infra/build/runtime.ts';
import { runTests, type TestRun } from '../../infra/gcp/test-runs.ts';
import { terraformHere } from './terraform-here.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'infra', 'gcp');
const TIMEOUT_MS = 300_000;

/** Read by Node and the functions-framework, not by our code. */
const PLATFORM_VARIABLES = ['NODE_ENV', 'NODE_OPTIONS'];

/** What each entry file asks of `compose`. */
const USES: Readonly<Record<string, Partial<Uses>>> = {
  'morning-alert': { consumers: false },
  'pin-exchange': {},
  'keep-alive': {},
  'health-check': {},
};

const functionsSchema = z.record(
  z.string(),
  z.object({
    environment: z.record(z.string(), z.string()),
    secrets: z.record(z.string(), z.string()),
  }),
);

type Given = {
  readonly run: string;
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Ids of secrets by variable. */
  readonly secrets: Readonly<Record<string, string>>;
};

const terraform = await terraformHere();

describe.skipIf(terraform === null)('a deployed function', { timeout: TIMEOUT_MS }, () => {
  let runs: readonly TestRun[] = [];
  let given: readonly Given[] = [];

  beforeAll(async () => {
    if (terraform === null) return;
    const init = await terraform.run(FOLDER, ['init', '-backend=false', '-input=false']);
    expect(init).toMatchObject({ ok: true });
    const files = ['tests/functions.tftest.hcl', 'tests/options.tftest.hcl'];
    const report = await runTests(terraform, FOLDER, files);
    runs = report.runs;
    given = runs.flatMap(({ name: run, outputs }) =>
      Object.entries(functionsSchema.parse(outputs['functions'])).map(([name, function_]) => ({
        run,
        name,
        ...function_,
      })),
    );
  }, TIMEOUT_MS);
  afterAll(() => terraform?.close());

  it('is looked at with the default inputs and with every option', () => {
    expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'pass'));
    expect(runs.length).toBeGreaterThanOrEqual(5);
    expect(given).toHaveLength(runs.length * FUNCTIONS.length);
  });

  it('gets every variable that its settings ask for', () => {
    for (const one of given) expect(() => read(one), `${one.name} in ${one.run}`).not.toThrow();
  });

  it('gets no variable that it does not read', () => {
    for (const one of given) {
      const known = new Set([...read(one).asked, ...PLATFORM_VARIABLES]);
      const names = [...Object.keys(one.environment), ...Object.keys(one.secrets)];
      const strange = names.filter((name) => !known.has(name));
      expect(strange, `${one.name} in ${one.run}`).toEqual([]);
    }
  });

  it('reads from them what the inputs say', () => {
    const one = given.find(
      ({ run, name }) => run === 'every_option_at_once' && name === 'health-check',
    );
    if (one === undefined) throw new Error('no such run');
    const { settings } = read(one);
    expect(settings).toMatchObject({
      project: 'my-trading-123456',
      mirrored: ['etrade-prod'],
      store: { kind: 'secret-manager', project: 'my-trading-123456' },
      events: { topic: 'token-renewed', reports: 'worker-reports-health' },
      people: {
        publicUrl: 'https://pin-exchange-123456789012.us-central1.run.app',
        telegram: { apiUrl: 'https://telegram.example.com' },
      },
      sessions: [
        { key: 'etrade-sandbox', required: false, alertAt: '08:15' },
        { key: 'etrade-prod', required: true, alertAt: '08:00', workers: ['orb-bot'] },
      ],
    });
    expect(settings.heartbeat?.reveal()).toBe('https://watchman.example.com/ping');
  });

  it("runs with Node's options as they were measured, in production mode", () => {
    for (const { environment } of given) {
      expect(environment).toMatchObject({ NODE_OPTIONS, NODE_ENV: 'production' });
    }
  });

  it('mounts a secret under the name that follows from its id', () => {
    for (const { secrets } of given) {
      for (const [name, id] of Object.entries(secrets)) {
        if (name === 'HEARTBEAT_URL') expect(id).toBe('token-cadence-heartbeat');
        else expect(name).toBe(id.toUpperCase().replaceAll('-', '_'));
      }
    }
  });

  it('finds the secrets of a mirrored session', () => {
    const session = parseSessionKey('etrade-prod')?.key;
    const names = session === undefined ? null : mirrorNames(session);
    const made = runs.find(({ name }) => name === 'every_option_at_once')?.made ?? [];
    const ids = made
      .filter(({ type }) => type === 'google_secret_manager_secret')
      .map(({ values }) => values['secret_id']);
    expect(ids).toEqual(expect.arrayContaining([names?.token, names?.secret]));
  });

  it('writes the events that are counted', () => {
    const metrics = (runs[0]?.made ?? []).filter(({ type }) => type === 'google_logging_metric');
    const counted = metrics.flatMap(({ values }) => {
      const clause = /jsonPayload\.event=(.*)/.exec(String(values['filter']))?.[1] ?? '';
      return [...clause.matchAll(/"([\w-]+)"/g)].map(([, event]) => event ?? '');
    });
    expect(counted).toContain('session-renewed');
    expect(counted).toContain('token-refreshed');
    expect(counted).toContain('signed-in');
    const code = sourceOf(join(ROOT, 'functions'));
    expect(counted.filter((event) => !logs(code, event))).toEqual([]);
    expect(code).toContain('minutesSinceAsked,');
  });
});

describe('the lists that Terraform reads', () => {
  const readJson = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));

  it('name every broker with its market', () => {
    const known = Object.entries(BROKERS).map(([name, { rules }]) => [
      name,
      { market: rules.market },
    ]);
    expect(readJson('brokers.json')).toEqual(Object.fromEntries(known));
  });

  it('have the size of every function', () => {
    const { functions } = z
      .object({ functions: z.record(z.string(), z.unknown()) })
      .parse(readJson('sizes.json'));
    expect(Object.keys(functions).sort()).toEqual([...FUNCTIONS].sort());
  });

  it('agree with the store on how many sessions are read one by one', () => {
    const store = readFileSync(join(ROOT, 'functions/storage/secret-manager.ts'), 'utf8');
    const accounts = readFileSync(join(FOLDER, 'accounts.tf'), 'utf8');
    const here = /READ_ONE_BY_ONE = (\d+)/.exec(store)?.[1];
    expect(here).toBeDefined();
    expect(/read_one_by_one = (\d+)/.exec(accounts)?.[1]).toBe(here);
  });
});

/** The settings as the function reads them, and every variable it asked for. */
function read({ name, environment, secrets }: Given) {
  const asked = new Set<string>();
  const values: Record<string, string> = { ...environment };
  for (const [variable, id] of Object.entries(secrets)) values[variable] = placeholderFor(id);
  const env = new Proxy(values, {
    get(target, variable) {
      asked.add(String(variable));
      return Reflect.get(target, variable);
    },
  });
  return { settings: readConfig(env, USES[name]), asked };
}

/** Of the form that a secret's value has. */
function placeholderFor(id: string): string {
  if (id.endsWith('-consumer')) return JSON.stringify({ key: 'key', secret: 'secret' });
  if (id === 'token-cadence-heartbeat') return 'https://watchman.example.com/ping';
  return JSON.stringify({
    telegramBotToken: '123456:placeholder',
    telegramChatId: 42,
    linkKey: 'x'.repeat(32),
  });
}

function sourceOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** Whether some call of the log begins with the event's name. */
function logs(code: string, event: string): boolean {
  return new RegExp(`\\.(info|warn|error)\\(\\s*'${event}'`).test(code);
}
