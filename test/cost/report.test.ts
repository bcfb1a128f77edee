import { describe, expect, it } from 'vitest';
import { readQuestion } from '../../infra/cost/cost.ts';
import { costReport, money } from '../../infra/cost/report.ts';
import { aQuestion } from './question.ts';

const reports = new Map<string, string>();

function asked(...args: string[]): string {
  const known = reports.get(args.join(' '));
  if (known !== undefined) return known;
  const read = readQuestion(args);
  if (read === 'help' || 'problem' in read) throw new Error('the question is a good one');
  const report = costReport(read.question);
  reports.set(args.join(' '), report);
  return report;
}

describe('the printed cost', () => {
  it.each([1, 2, 1_000])('fits 80 columns with %i sessions', (sessions) => {
    const wide = costReport(aQuestion({ sessions, workers: sessions }))
      .split('\n')
      .filter((line) => line.length > 80);
    expect(wide).toEqual([]);
  });

  it('names for every item its use, its free amount and whom that is shared by', () => {
    expect(asked('--sessions', '2')).toMatch(
      /^secret versions, active +5\.07 +6 +billing account +\$0\.00$/m,
    );
    expect(asked()).toMatch(/^logs, GiB +0\.\d\d +50 +project +\$0\.00$/m);
    expect(asked()).toMatch(/^Scheduler jobs +3 +3 +billing account +\$0\.00$/m);
  });

  it('says what two sessions cost and what for', () => {
    const report = asked('--sessions', '2');
    expect(report).toMatch(/^all of it +\$0\.\d\d$/m);
    expect(report).toContain('Beyond the free amount: secret accesses.');
  });

  it.each(['1', '2', '10', '100', '1,000'])('compares with %s sessions', (sessions) => {
    expect(asked()).toMatch(new RegExp(`^ *${sessions} +\\$\\d+\\.\\d\\d  `, 'm'));
  });

  it('shows the sum of the first table in the second one', () => {
    const report = asked('--sessions', '10');
    const total = /^all of it +(\$\S+)$/m.exec(report)?.[1];
    expect(report).toMatch(new RegExp(`^ +10 +\\${total}  `, 'm'));
  });

  it.each([
    [0, '$0.00'],
    [0.0001, '<$0.01'],
    [0.0049, '<$0.01'],
    [0.005, '$0.01'],
    [1234.5, '$1,234.50'],
  ])('writes %d dollars as %s', (dollars, text) => {
    expect(money(dollars)).toBe(text);
  });
});

describe('the arguments', () => {
  it.each([
    { args: ['--sessions', '0'], named: '"0"' },
    { args: ['--sessions', '-1'], named: "'--sessions'" },
    { args: ['--sessions', '2.5'], named: '"2.5"' },
    { args: ['--sessions', 'two'], named: '"two"' },
    { args: ['--sessions', '1e3'], named: '"1e3"' },
    { args: ['--sessions', '10001'], named: '10000' },
    { args: ['--sessions', ''], named: '""' },
    { args: ['--sessions'], named: "'--sessions" },
    { args: ['--sesions', '2'], named: '--sesions' },
    { args: ['2'], named: "'2'" },
    { args: ['--workers', 'all'], named: '"all"' },
    { args: ['--month', '2026-13'], named: '"2026-13"' },
  ])('$args are refused by name', ({ args, named }) => {
    expect(readQuestion(args)).toMatchObject({ problem: expect.stringContaining(named) });
  });

  it('ask for two sessions without workers in the fullest month by default', () => {
    const read = readQuestion([]);
    expect(read).toMatchObject({ question: { sessions: 2, workers: 0 } });
    expect(asked()).toBe(costReport(aQuestion()));
  });
});
