/** The look at a deployment: on the local run's real functions behind doors like Google's, and on planted mistakes. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckOptions, checkDeployment } from '../../infra/smoke/checks.ts';
import { type Deployment, PRIVATE_FUNCTIONS } from '../../infra/smoke/deployment.ts';
import { textOf } from '../../infra/smoke/finding.ts';
import { type Doors, openDoors } from '../fixtures/cloud-doors.ts';
import { type RunningSystem, startRunningSystem } from '../fixtures/local-system.ts';
import { temporaryDirectory } from '../fixtures/temporary-directory.ts';

const SMOKE = join(import.meta.dirname, '..', '..', 'infra', 'smoke', 'smoke.ts');
const TOKEN = 'canary.identity.token';

let running: RunningSystem;
let doors: Doors;

beforeAll(async () => {
  running = await startRunningSystem({ startAt: '2026-03-09T08:31:00-04:00' });
  doors = await openDoors(running.system.urls.public, TOKEN);
});

afterAll(async () => {
  await doors?.close();
  await running?.stop();
});

function deployment(): Deployment {
  const [health, keep, morning] = ['health-check', 'keep-alive', 'morning-alert'].map(doors.of);
  return {
    pages: [doors.of('pin-exchange')],
    functions: {
      'health-check': health ?? '',
      'keep-alive': keep ?? '',
      'morning-alert': morning ?? '',
    },
  };
}

/** The lines of a look, each begun by its mark. */
async function look(options: Partial<CheckOptions> = {}, changes: Partial<Deployment> = {}) {
  const findings = await checkDeployment(
    { ...deployment(), ...changes },
    {
      fetch,
      wait: async () => {},
      identityToken: async () => TOKEN,
      tries: 1,
      ...options,
    },
  );
  return findings.map(textOf);
}

function problemsIn(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith('PROBLEM'));
}

describe('a deployment as it should be', () => {
  it('is found so, line by line, with the report of its health', async () => {
    const page = doors.of('pin-exchange');
    const lines = await look();
    expect(lines.join('')).not.toContain(TOKEN);
    expect(lines).toEqual([
      `ok       ${page}: shows strangers a closed door, with its security headers\n`,
      `ok       ${page}/status: refused without the key\n`,
      'ok       morning-alert: refuses strangers (403)\n',
      'ok       keep-alive: refuses strangers (403)\n',
      'ok       health-check: refuses strangers (403)\n',
      expect.stringMatching(
        /^ok {7}health-check: works, and reports: etrade-sandbox: a sign-in is/,
      ),
    ]);
  });

  it('has no report without a token, and that is no problem', async () => {
    const lines = await look({ identityToken: async () => null });
    expect(problemsIn(lines)).toEqual([]);
    expect(lines.at(-1)).toMatch(
      /^skipped {2}health-check: .*token\n +→ gcloud auth login; on Windows in WSL or Cloud Shell\n$/,
    );
  });

  it('has no report for an account that may not ask, and that is no problem', async () => {
    const lines = await look({ identityToken: async () => 'another.identity.token' });
    expect(problemsIn(lines)).toEqual([]);
    expect(lines.at(-1)).toMatch(
      /^skipped .*\(403\)\n +→ gcloud run services add-iam-policy-binding/,
    );
  });

  it('is looked at again while rights spread', async () => {
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
      doors.letIn([]);
    };
    doors.letIn(['keep-alive']);
    expect(problemsIn(await look({ wait, tries: 2 }))).toEqual([]);
    expect(waits).toEqual([10_000]);
  });
});

describe('a planted mistake', () => {
  it.each(PRIVATE_FUNCTIONS)(
    'is a public %s, which the look does not set to work',
    async (name) => {
      const before = await lastRun();
      doors.letIn([name]);
      const lines = await look({ identityToken: async () => null });
      doors.letIn([]);
      expect(problemsIn(lines)).toEqual([
        expect.stringMatching(
          `^PROBLEM  ${name}: lets strangers in \\(413\\)\n +→ gcloud run services remove-iam`,
        ),
      ]);
      expect(await lastRun()).toEqual(before);
    },
  );

  it.each(['content-security-policy', 'cache-control', 'referrer-policy', 'x-frame-options'])(
    'is a page without %s',
    async (header) => {
      doors.dropHeader(header);
      const lines = await look();
      doors.dropHeader(null);
      expect(problemsIn(lines)).toEqual([expect.stringContaining(`the page lacks ${header}`)]);
    },
  );

  it('is a page that strangers may not see', async () => {
    doors.shut(['pin-exchange']);
    const lines = await look();
    doors.shut([]);
    expect(problemsIn(lines)).toEqual([
      expect.stringMatching(/Google refuses strangers \(403\).*\n +→ "npm run deploy"/),
      expect.stringContaining('/status: answers 403 without the key, not 401'),
    ]);
  });

  it('is a status that needs no key', async () => {
    doors.answerAll('pin-exchange', 200, '{"sessions":[]}');
    const lines = await look();
    doors.answerAll('pin-exchange', null);
    expect(problemsIn(lines)).toEqual([
      expect.stringContaining('answers 200, not its page'),
      expect.stringContaining('/status: answers 200 without the key, not 401'),
    ]);
  });

  it('is a function that is down', async () => {
    const gone = 'http://127.0.0.1:9';
    const { functions } = deployment();
    const lines = await look({}, { functions: { ...functions, 'morning-alert': gone } });
    expect(problemsIn(lines)).toEqual([
      expect.stringMatching(/^PROBLEM {2}morning-alert: cannot be reached\n +→ .*npm run deploy/),
    ]);
  });

  it('is a function that nobody deployed', async () => {
    doors.answerAll('keep-alive', 404, '<html>Page not found</html>');
    const lines = await look();
    doors.answerAll('keep-alive', null);
    expect(problemsIn(lines)).toEqual([expect.stringContaining('keep-alive: answers 404')]);
  });

  it('is a function that never answers', async () => {
    doors.answerAll('morning-alert', 'never');
    const lines = await look({ timeoutMs: 2_000 });
    doors.answerAll('morning-alert', null);
    expect(problemsIn(lines)).toEqual([
      expect.stringContaining('morning-alert: no answer within 2 s'),
    ]);
  });

  it('is a health-check that cannot work', async () => {
    const report = { worked: false, problems: ['etrade-sandbox: The store refuses getSecret.'] };
    for (const [body, says] of [
      [
        JSON.stringify(report),
        'could not do its work. etrade-sandbox: The store refuses getSecret.',
      ],
      ['{"error":"config-invalid"}', 'answers 503 and no report'],
    ] as const) {
      doors.answerKnown('health-check', 503, body);
      const lines = await look();
      doors.answerKnown('health-check', null);
      expect(problemsIn(lines)).toEqual([expect.stringContaining(says)]);
    }
  });
});

describe('npm run smoke', () => {
  it('prints the lines and ends with 0 when all is well, with 1 when not', async () => {
    expect(await run(urls())).toEqual({
      code: 0,
      out: expect.stringMatching(/^ok {7}http.*\n(ok .*\n){4}skipped .*\n.*\nAll is well\.\n$/),
      error: '',
    });
    doors.letIn(['keep-alive']);
    const { code, out } = await run(urls());
    doors.letIn([]);
    expect(code).toBe(1);
    expect(out).toMatch(/PROBLEM {2}keep-alive: lets strangers in[\s\S]*Problems: 1\.\n$/);
  });

  it('ends with 2 and words for outputs of the first phase', async () => {
    expect(await run('{}')).toMatchObject({
      code: 2,
      error: expect.stringContaining('second phase'),
    });
  });
});

/** As `terraform output -json` prints it. */
function urls(): string {
  const value = Object.fromEntries(
    ['pin-exchange', ...PRIVATE_FUNCTIONS].map((name) => [name, doors.of(name)]),
  );
  return JSON.stringify({
    function_urls: { sensitive: false, type: ['map', 'string'], value },
    page_url: { sensitive: false, type: 'string', value: doors.of('pin-exchange') },
    source_bucket: { sensitive: false, type: 'string', value: 'sources' },
  });
}

/** Without gcloud on its path, so that nobody's own login is used. */
async function run(outputs: string) {
  const file = join(temporaryDirectory(), 'urls.json');
  writeFileSync(file, outputs);
  const child = spawn(process.execPath, [SMOKE, '--urls', file, '--tries', '1'], {
    env: { PATH: dirname(process.execPath) },
  });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, 'close');
  return { code: child.exitCode, out, error };
}

async function lastRun(): Promise<unknown> {
  const headers = { authorization: `Bearer ${running.system.statusKey}` };
  const answer = await fetch(`${running.system.urls.public}/status`, { headers });
  const status: unknown = await answer.json();
  return { status: withoutNow(status), messages: (await running.control.overview()).messages };
}

/** What changes only by work: not the time, nor what is counted from it. */
function withoutNow(status: unknown): string {
  return JSON.stringify(status, (key, value: unknown) =>
    key === 'now' || key === 'timeRemainingHours' ? undefined : value,
  );
}
