/**
 * The cost of a month as text: 80 columns, the same on every machine.
 *
 * Pure. Printed by `cost.ts`; infra/README.md holds what it prints.
 */

import { WORKER_HOURS_A_DAY } from './assumptions.ts';
import { type Bill, billOf, costOf, type Line } from './bill.ts';
import { type Limit, limitsOf } from './limits.ts';
import { type Item, PRICES, PRICES_READ_ON } from './prices.ts';
import {
  accessesOf,
  activeVersions,
  mountedSecrets,
  type Question,
  readsOfWorker,
  usageOf,
} from './usage.ts';

const WIDTH = 80;

/** Systems that are compared in the second table. */
const COMPARED = [1, 2, 10, 100, 1_000];

const TITLES: Readonly<Record<Item, { readonly title: string; readonly digits: number }>> = {
  requests: { title: 'requests', digits: 0 },
  cpu: { title: 'vCPU-seconds', digits: 0 },
  memory: { title: 'GiB-seconds', digits: 0 },
  secretVersions: { title: 'secret versions, active', digits: 2 },
  secretAccesses: { title: 'secret accesses', digits: 0 },
  jobs: { title: 'Scheduler jobs', digits: 0 },
  messages: { title: 'Pub/Sub, GiB', digits: 3 },
  images: { title: 'Artifact Registry, GiB', digits: 2 },
  sources: { title: 'Cloud Storage, GiB', digits: 2 },
  logs: { title: 'logs, GiB', digits: 2 },
  buildMinutes: { title: 'Cloud Build, minutes', digits: 0 },
  network: { title: 'network out, GiB', digits: 3 },
  alertConditions: { title: 'alert conditions (off)', digits: 0 },
};

/** All of it: the month's bill, where it comes from, and other sizes of system with what limits them. */
export function costReport(question: Question): string {
  const bill = billOf(usageOf(question));
  return [
    ...title(question),
    '',
    ...table(bill),
    '',
    ...notes(question, bill),
    '',
    ...sizesTable(question),
    '',
    ...limitsTable(limitsOf(question.jobs, question.sizes)),
    '',
    ...wrap(
      `Prices of ${PRICES_READ_ON} in US dollars, us-central1, each with its page in infra/cost/prices.ts. What is taken for granted (durations, cold starts, sizes) is in infra/cost/assumptions.ts.`,
    ),
  ].join('\n');
}

function title({ sessions, workers, month }: Question): readonly string[] {
  const who = `${counted(sessions, 'session')}${workers > 0 ? ` and ${counted(workers, 'worker')}` : ''}`;
  const when = `${month.title}: ${month.days} days, ${month.tradingDays} of them trading`;
  return wrap(`token-cadence with ${who} in ${when}`);
}

function table({ lines, total }: Bill): readonly string[] {
  const row = (name: string, use: string, free: string, by: string, cost: string): string =>
    `${name.padEnd(24)}${use.padStart(12)}${free.padStart(14)}  ${by.padEnd(17)}${cost.padStart(9)}`;
  return [
    row('item', 'use', 'free a month', 'shared by', 'cost'),
    '─'.repeat(78),
    ...lines.map(({ item, used, price, cost }) => {
      const { title, digits } = TITLES[item];
      const free = price.free === 0 ? 'nothing' : number(price.free, price.free < 1 ? 1 : 0);
      return row(title, number(used, digits), free, price.sharedBy, money(cost));
    }),
    '─'.repeat(78),
    row('all of it', '', '', '', money(total)),
  ];
}

/** Why it is what it is: what costs, and what the free amounts leave. */
function notes(question: Question, { lines }: Bill): readonly string[] {
  const { sessions, month } = question;
  const texts: string[] = [];
  const paid = lines.filter(({ cost }) => cost > 0).map(({ item }) => TITLES[item].title);
  texts.push(
    paid.length === 0
      ? 'Nothing goes beyond its free amount.'
      : `Beyond the free amount: ${paid.join(', ')}. All else is free, unless other projects of the billing account use up what they share.`,
  );
  const { mounted, tokens, workers } = accessesOf(question);
  texts.push(
    `Secret accesses: ${number(mounted, 0)} by starts of functions (each reads the ${mountedSecrets('keep-alive', sessions)} secrets it mounts, and each run is taken for a cold start), ${number(tokens, 0)} for tokens and for looks whether there is a newer one${workers > 0 ? `, ${number(workers, 0)} by workers` : ''}.`,
    `Secret versions: ${counted(sessions, 'token')}, ${counted(activeVersions(sessions) - sessions - 1, 'consumer key')}, the app's settings: ${activeVersions(sessions)} at rest. Each sign-in adds one for an hour and a quarter, on average ${number(usedOf(lines, 'secretVersions') - activeVersions(sessions), 2)}; a bill counts by the hour.`,
  );
  const reads = {
    trading: readsOfWorker(month, 'trading'),
    always: readsOfWorker(month, 'always'),
  };
  const each = (count: number): string =>
    money(costOf({ ...PRICES.secretAccesses, free: 0 }, count));
  texts.push(
    `Each worker looks for a newer token once a minute: ${number(reads.trading, 0)} accesses when it is connected for ${WORKER_HOURS_A_DAY} hours of a trading day (${each(reads.trading)}), ${number(reads.always, 0)} when it never stops (${each(reads.always)})${question.workers > 0 ? '' : '. Workers are not in the table: --workers 2 adds two'}.`,
  );
  return texts.flatMap((text) => wrap(text));
}

function usedOf(lines: readonly Line[], item: Item): number {
  return lines.find((line) => line.item === item)?.used ?? 0;
}

function sizesTable(question: Question): readonly string[] {
  const limits = limitsOf(question.jobs, question.sizes);
  const rows = COMPARED.map((sessions) => {
    const { lines, total } = billOf(usageOf({ ...question, sessions }));
    const dearest = lines.toSorted((a, b) => b.cost - a.cost)[0];
    const why = dearest === undefined || dearest.cost === 0 ? '' : TITLES[dearest.item].title;
    return `${number(sessions, 0).padStart(8)}${money(total).padStart(10)}  ${why.padEnd(25)}${limitAt(limits, sessions)}`;
  });
  return [
    `${'sessions'.padStart(8)}${'a month'.padStart(10)}  ${'most of it for'.padEnd(25)}first limit`,
    '─'.repeat(78),
    ...rows,
  ];
}

function limitAt(limits: readonly Limit[], sessions: number): string {
  const passed = limits.filter((limit) => limit.sessions < sessions).map((limit) => limit.sessions);
  const next = limits.find((limit) => limit.sessions >= sessions);
  if (passed.length === 0) return next === undefined ? '' : `at ${number(next.sessions, 0)}`;
  return `passed: ${passed.map((limit) => number(limit, 0)).join(', ')}`;
}

function limitsTable(limits: readonly Limit[]): readonly string[] {
  const indent = 10;
  return [
    'What gives way as sessions are added: the last number that still fits.',
    '',
    ...limits.flatMap(({ sessions, what, beyond }) => {
      const [first = '', ...more] = wrap(`${what}. Beyond: ${beyond}.`, WIDTH - indent);
      return [
        `${number(sessions, 0).padStart(8)}  ${first}`,
        ...more.map((line) => `${' '.repeat(indent)}${line}`),
      ];
    }),
  ];
}

/** `$0.06`; what is not nothing is never shown as nothing. */
export function money(dollars: number): string {
  if (dollars > 0 && dollars < 0.005) return '<$0.01';
  return `$${number(dollars, 2)}`;
}

function number(value: number, digits: number): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function counted(count: number, what: string): string {
  return `${number(count, 0)} ${what}${count === 1 ? '' : 's'}`;
}

function wrap(text: string, width = WIDTH): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
