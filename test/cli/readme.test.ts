/** What the two READMEs say of the command line is what the program has. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../functions/cli/exit-code.ts';
import { runCommand } from '../fixtures/command-line.ts';
import { createTestSystem } from '../fixtures/system.ts';
import { commandNames, commandTerms } from './command-names.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'functions/cli');
const own = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const main = readFileSync(join(ROOT, 'README.md'), 'utf8');

let help: string;

beforeAll(async () => {
  help = (await runCommand(createTestSystem(), ['--help'])).out;
});

describe('the README of the command line', () => {
  it('has a row for every command with its arguments, in the order of --help, and no other', () => {
    const rows = tableUnder(own, '| command | what it does | exit codes |');
    expect(rows.map(([term = '']) => term.replaceAll('`', ''))).toEqual(commandTerms(help));
    expect(rows.length).toBeGreaterThan(12);
  });

  it('names only options that the command of their row has', async () => {
    for (const [term = '', text = ''] of tableUnder(own, '| command | what it does |')) {
      const name = term.replaceAll('`', '').split(' ')[0] ?? '';
      const { out } = await runCommand(createTestSystem(), [name, '--help']);
      for (const [option] of text.matchAll(/--[a-z-]+/g)) expect(out, name).toContain(option);
    }
  });

  it('names only exit codes that there are, and explains each as --help does', () => {
    const known = Object.values(EXIT).map(String);
    const explained = tableUnder(own, '| exit code | meaning |').map(([code = '']) => code);
    expect(explained).toEqual(known.toSorted((a, b) => Number(a) - Number(b)));
    for (const code of explained) expect(help).toMatch(new RegExp(`^ {2}${code} `, 'm'));
    for (const [term, , codes = ''] of tableUnder(own, '| command | what it does |')) {
      const used = codes.split('·').map((part) => part.trim().split(/[ ;]/)[0] ?? '');
      expect(used[0], term).toBe('0');
      for (const code of used) expect(known, term).toContain(code);
    }
  });

  it('shows recordings that fit 80 columns and name nothing of the machine', () => {
    const recordings = [...own.matchAll(/```text\n([\s\S]*?)```/g)].map(([, text = '']) => text);
    expect(recordings.length).toBeGreaterThan(5);
    const lines = recordings.join('').split('\n');
    const long = lines.filter((line) => [...line].length > 80 && !line.startsWith('http'));
    expect(long).toEqual([]);
    expect(own).not.toContain('\u001b');
    expect(own).not.toMatch(/(?<![\w.:])\/(tmp|home|root|work|usr|Users)\//);
    for (const command of ['start', 'status --watch', 'doctor', 'rehearse']) {
      expect(lines.some((line) => line.startsWith(`$ token-cadence ${command}`))).toBe(true);
    }
  });

  it('links to files that exist', () => {
    const links = [...own.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(0);
    for (const link of links) expect(existsSync(join(FOLDER, link)), link).toBe(true);
  });
});

describe('the table of the README of the project', () => {
  it('has every command, and none that does not exist', () => {
    const rows = tableUnder(main, '| command | what it does |');
    const named = rows.flatMap(([cell = '']) =>
      [...cell.matchAll(/`([a-z-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.toSorted()).toEqual(commandNames(help).toSorted());
  });
});

/** The cells of each row of the table that begins so. */
function tableUnder(text: string, head: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(head));
  if (from < 0) throw new Error(`there is no table "${head}"`);
  const rest = lines.slice(from + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
