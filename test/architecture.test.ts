/**
 * The house rules of the tree, as tests: who may import whom, and which file alone may touch the clock,
 * the environment and standard output.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FUNCTIONS = join(ROOT, 'functions');

type SourceFile = { readonly path: string; readonly room: string; readonly text: string };

/** The interface file of a room, which others may know without knowing an implementation. */
const INTERFACES = [
  'brokers/broker.ts',
  'storage/session-store.ts',
  'storage/token-mirror.ts',
  'storage/backup.ts',
  'events/event-publisher.ts',
  'events/worker-reports.ts',
  'notifications/notifier.ts',
  'events/event-check.ts',
  'notifications/messenger-check.ts',
  'logging/log.ts',
];

const LEAVES = ['errors.ts', 'secret.ts', 'clock.ts'];

const sources = listFiles(FUNCTIONS);

/** Each room and what it may import besides itself. `*` is a whole room. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lifecycle: [],
  brokers: ['lifecycle/*', ...LEAVES],
  storage: ['lifecycle/*', 'brokers/broker.ts', 'logging/log.ts', ...LEAVES],
  events: ['lifecycle/*', 'logging/log.ts', ...LEAVES],
  notifications: ['lifecycle/*', 'logging/log.ts', ...LEAVES],
  logging: LEAVES,
  operations: ['lifecycle/*', ...INTERFACES, ...LEAVES],
  http: ['lifecycle/*', 'operations/*', 'logging/*', ...INTERFACES, ...LEAVES],
  compose: ['*'],
  config: [
    'lifecycle/*',
    'brokers/registry.ts',
    'settings.ts',
    'config-markets.ts',
    'config-names.ts',
    'config-services.ts',
    ...LEAVES,
  ],
  entry: ['operations/*', 'http/*', 'config.ts', 'compose.ts', 'lifecycle/*'],
  // With its own small composition, so that a trading service gets no page, messenger or framework.
  worker: ['lifecycle/*', 'brokers/*', 'storage/*', 'events/*', 'logging/*', ...LEAVES],
  cli: [
    'operations/*',
    'lifecycle/*',
    'brokers/*',
    'storage/*',
    'logging/*',
    'config.ts',
    'config-names.ts',
    'compose.ts',
    ...INTERFACES,
    ...LEAVES,
  ],
  list: ['entry'],
  leaf: LEAVES,
};

describe('who may import whom', () => {
  for (const source of sources) {
    it(`${source.path} keeps to its room's table`, () => {
      const allowed = MAY_IMPORT[source.room];
      expect(allowed, `no rule for ${source.path}`).toBeDefined();
      const strangers = importsOf(source).filter(
        (target) => !isAllowed(source, target, allowed ?? []),
      );
      expect(strangers).toEqual([]);
    });
  }

  it('sees no import from functions/ into infra/ or test/', () => {
    const outside = sources.flatMap((source) =>
      importsOf(source).filter((target) => target.startsWith('..')),
    );
    expect(outside).toEqual([]);
  });

  it('finds no cycle between files', () => {
    expect(findCycle()).toBeNull();
  });
});

describe('one file alone', () => {
  const rules: readonly (readonly [string, RegExp, RegExp])[] = [
    [
      'reads the time',
      /\bDate\.now\(|new Date\(\)|DateTime\.(now|local|utc)\(/,
      /^(clock|http\/pages\/script)\.ts$/,
    ],
    ['reads the environment', /process\.env\b/, /^(config|worker\/settings|cli\/main)\.ts$/],
    ['writes to standard output', /\bconsole\.\w+\(|process\.std(out|err)\b/, /^(logging|cli)\//],
    ['draws random numbers', /Math\.random\(|randomBytes\(|randomUUID\(/, /^clock\.ts$/],
    ['waits', /\bsetTimeout\(|timers\/promises/, /^clock\.ts$/],
  ];
  for (const [what, pattern, home] of rules) {
    it(what, () => {
      const elsewhere = sources
        .filter(({ path, text }) => !home.test(path) && pattern.test(withoutComments(text)))
        .map(({ path }) => path);
      expect(elsewhere).toEqual([]);
    });
  }

  it('lifecycle does no I/O', () => {
    const pure = sources.filter(({ room }) => room === 'lifecycle');
    const touching = pure.filter(({ text }) => /from 'node:|\bfetch\(|\bawait\b/.test(text));
    expect(touching.map(({ path }) => path)).toEqual([]);
    expect(pure.length).toBeGreaterThan(5);
  });
});

describe('every file', () => {
  it('begins with a header that says what it is', () => {
    const bare = sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*\n \* \S/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('stays small enough to read', () => {
    // The words of all pages stand in one file: read by looking up, not from top to bottom.
    const read = sources.filter(({ path }) => path !== 'http/pages/texts.ts');
    const long = read.filter(({ text }) => text.split('\n').length > 340);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('has no escape hatch from the types', () => {
    const escapes = sources.filter(({ text }) =>
      /\bas any\b|: any\b|@ts-(ignore|expect-error)/.test(text),
    );
    expect(escapes.map(({ path }) => path)).toEqual([]);
  });
});

function listFiles(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const full = join(entry.parentPath, entry.name);
      const path = relative(FUNCTIONS, full).split(sep).join('/');
      return { path, room: roomOf(path), text: readFileSync(full, 'utf8') };
    });
}

function roomOf(path: string): string {
  const [first = '', rest] = path.split('/');
  if (rest !== undefined) return first;
  if (path === 'index.ts') return 'list';
  if (path === 'settings.ts') return 'config';
  const split = /^(compose|config)(-\w+)?\.ts$/.exec(path);
  if (split?.[1] !== undefined) return split[1];
  return LEAVES.includes(path) ? 'leaf' : 'entry';
}

function importsOf(source: SourceFile): string[] {
  const found = source.text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map((match) =>
    join(dirname(source.path), match[1] ?? '')
      .split(sep)
      .join('/'),
  );
}

function isAllowed(source: SourceFile, target: string, allowed: readonly string[]): boolean {
  if (source.room === roomOf(target) && target.includes('/')) return true;
  return allowed.some((rule) => {
    if (rule === '*') return true;
    if (rule === 'entry') return roomOf(target) === 'entry';
    return rule.endsWith('/*') ? target.startsWith(rule.slice(0, -1)) : target === rule;
  });
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** A chain of value imports that comes back to its start, or `null`. Type imports vanish and may cross. */
function findCycle(): string[] | null {
  const edges = new Map(
    sources.map((source) => {
      const values = { ...source, text: source.text.replace(/import type [\s\S]*?;/g, '') };
      return [source.path, importsOf(values)] as const;
    }),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
