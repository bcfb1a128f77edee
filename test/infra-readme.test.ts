/** infra/README.md says what is: rights, cost, commands, event names and links are held against the real thing. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readQuestion } from '../infra/cost/cost.ts';
import { costReport } from '../infra/cost/report.ts';
import { runTests } from '../infra/gcp/test-runs.ts';
import { BUILD_ROLE, BUILD_ROLES } from '../infra/setup/places.ts';
import { createGcloud, HAS_GCLOUD } from './fixtures/gcloud.ts';
import { permissionsTable } from './fixtures/permissions-table.ts';
import { createTestSystem } from './fixtures/system.ts';
import { playUntil } from './fixtures/trading-day.ts';
import { terraformHere } from './gcp/terraform-here.ts';

const ROOT = join(import.meta.dirname, '..');
const INFRA = join(ROOT, 'infra');
const readme = readFileSync(join(INFRA, 'README.md'), 'utf8');
const rootReadme = readFileSync(join(ROOT, 'README.md'), 'utf8');

const terraform = await terraformHere();
const TERRAFORM_MS = 300_000;
const GCLOUD_MS = 60_000;

/** The lines between `<!-- name -->` and `<!-- /name -->`. */
function section(name: string): string[] {
  const found = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)\n<!-- /${name} -->`).exec(readme)?.[1];
  if (found === undefined) throw new Error(`infra/README.md has no part "${name}"`);
  return found.split('\n');
}

/** Commands of all shell blocks, one string each, without comments. */
function commandsIn(text: string): string[] {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const inline = [...text.matchAll(/`((?:npm run|gcloud) [^`]*)`/g)].map((match) => match[1] ?? '');
  const commands: string[] = [...inline];
  for (const block of blocks) {
    let command = '';
    for (const line of block.split('\n')) {
      command += `${line.replace(/ +# .*$/, '').replace(/\\$/, ' ')}\n`;
      const isWhole = !line.endsWith('\\') && (command.split("'").length - 1) % 2 === 0;
      if (!isWhole) continue;
      if (command.trim() !== '') commands.push(command.trim());
      command = '';
    }
  }
  return commands.flatMap((command) => command.split(' && '));
}

const commands = [...commandsIn(readme), ...commandsIn(rootReadme)];

describe('the table of rights', () => {
  afterAll(() => terraform?.close());

  it.skipIf(terraform === null)(
    'is what Terraform grants',
    async () => {
      if (terraform === null) return;
      const folder = join(INFRA, 'gcp');
      await terraform.run(folder, ['init', '-backend=false', '-input=false', '-no-color']);
      const { runs } = await runTests(terraform, folder, ['tests/access.tftest.hcl']);
      const tableOf = (name: string) =>
        permissionsTable(runs.find((run) => run.name === name)?.outputs['access']);
      const rows = tableOf('only_pin_exchange_is_public');
      expect(section('permissions')).toEqual(rows);
      const [head = '', line = ''] = rows;
      const dynamic = tableOf('workers_that_make_their_own_subscriptions_have_what_that_takes');
      expect(section('permissions-dynamic')).toEqual([
        head,
        line,
        ...dynamic.filter((row) => !rows.includes(row)),
      ]);
    },
    TERRAFORM_MS,
  );

  it('names every role of the build account, with its reason', () => {
    const rows = BUILD_ROLES.map(
      ({ role, why }) => `| \`${role.replace('roles/', '')}\` | ${why} |`,
    );
    const [, , ...listed] = section('build-roles');
    expect(listed.slice(0, -1)).toEqual(rows);
    expect(listed.at(-1)).toContain(`\`${BUILD_ROLE.id}\``);
  });
});

describe('the cost', () => {
  const read = readQuestion(['--sessions', '2']);
  const report = read === 'help' || 'problem' in read ? '' : costReport(read.question);

  it('is what npm run cost prints', () => {
    expect(section('cost').slice(1, -1).join('\n')).toBe(report);
  });

  it('is told right in words', () => {
    expect(report).toMatch(/^all of it +\$0\.06$/m);
    expect(readme.includes('**six cents, not nothing**')).toBe(true);
    const runs =
      read === 'help' || 'problem' in read ? [] : Object.values(read.question.month.runs);
    const starts = runs.reduce((sum, { live, expired, idle }) => sum + live + expired + idle, 0);
    const words = `${starts.toLocaleString('en-US')} scheduled starts`;
    expect(readme.includes(words), words).toBe(true);
    expect(rootReadme.includes('six cents a month')).toBe(true);
  });
});

describe('the queries of the log', () => {
  const asked = [...readme.matchAll(/jsonPayload\.event=\(([^)]*)\)/g)].flatMap((match) =>
    [...(match[1] ?? '').matchAll(/"([a-z-]+)"/g)].map((name) => name[1] ?? ''),
  );

  it('ask for events that functions/ writes', () => {
    const folder = join(ROOT, 'functions');
    const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
      .join('\n');
    const written = new Set(
      [...source.matchAll(/\.(?:info|warn|error|debug)\(\s*'([a-z-]+)'/g)].map((match) => match[1]),
    );
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((event) => !written.has(event))).toEqual([]);
  });

  it('find a morning in the real lines of a run', async () => {
    const world = createTestSystem({ startsAt: '2026-03-10T08:00-04:00' });
    await playUntil(world, '2026-03-10T08:30-04:00');
    world.clock.set('2026-03-10T08:40-04:00');
    await world.signIn();
    const schema = z.object({
      event: z.string(),
      message: z.string(),
      'logging.googleapis.com/labels': z.looseObject({ session: z.string().optional() }),
    });
    const lines = world.logLines.map((line) => schema.parse(JSON.parse(line)));
    const told = lines.filter(({ event }) => asked.includes(event));
    for (const event of ['notice-sent', 'sign-in-started', 'token-stored', 'event-published']) {
      expect(told.map((line) => line.event)).toContain(event);
    }
    const stored = told.find(({ event }) => event === 'token-stored');
    expect(stored?.['logging.googleapis.com/labels'].session).toBe('etrade-sandbox');
  });
});

describe('the commands', () => {
  it('of npm exist, with the flags they are given', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
    const runs = commands.filter((command) => command.startsWith('npm run '));
    expect(runs.length).toBeGreaterThan(15);
    for (const command of runs) {
      const [, , name = '', ...rest] = command.split(/\s+/);
      const file = /&& node (\S+\.ts)$/.exec(scripts[name] ?? '')?.[1];
      expect(scripts[name], command).toBeDefined();
      if (file === undefined) continue;
      // The command line has a file for each command.
      const files =
        name === 'token-cadence'
          ? readdirSync(join(ROOT, dirname(file))).filter((each) => each.endsWith('.ts'))
          : [basename(file)];
      const source = files
        .map((each) => readFileSync(join(ROOT, dirname(file), each), 'utf8'))
        .join('\n');
      const flags = rest.filter((word) => /^--\w/.test(word));
      for (const flag of flags) expect(source, command).toContain(flag.slice(2));
    }
  });

  it.skipIf(!HAS_GCLOUD)(
    'of gcloud are understood by gcloud',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'token-cadence-gcloud-'));
      try {
        const gcloud = createGcloud({ project: 'my-trading-123456', directory, endpoints: {} });
        const lines = commands.filter((command) => command.startsWith('gcloud '));
        expect(lines.length).toBeGreaterThan(8);
        for (const line of new Set(lines)) {
          const command = `--command-string=${line.replaceAll('\n', ' ').replaceAll(/[A-Z]*PROJECT[A-Z_]*/g, 'my-trading-123456')}`;
          const { stdout } = await gcloud([
            'meta',
            'lint-gcloud-commands',
            command,
            '--format=json',
          ]);
          const [judged] = z
            .array(z.looseObject({ success: z.boolean(), error_message: z.unknown() }))
            .parse(JSON.parse(stdout.split('\n')[0] ?? ''));
          expect(judged?.success, `${line}: ${String(judged?.error_message)}`).toBe(true);
        }
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    GCLOUD_MS,
  );
});

describe('infra/README.md', () => {
  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(links).toContain('system.svg');
    expect(links.filter((link) => !existsSync(join(INFRA, link)))).toEqual([]);
  });

  it('shows a picture that says in words what it shows, in light and in dark', () => {
    const svg = readFileSync(join(INFRA, 'system.svg'), 'utf8');
    expect(svg).toMatch(/<title id="title">.+<\/title>/);
    expect(svg).toMatch(/<desc id="desc">.{100,}<\/desc>/);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg).not.toMatch(/<script|href=/);
    for (const name of ['morning-alert', 'pin-exchange', 'keep-alive', 'health-check']) {
      expect(svg).toContain(`>${name}</text>`);
    }
  });
});
