/**
 * `npm run bench`: measures, prints a table of figures beside their baselines and goals, and writes the same
 * as JSON. A figure that misses its goal is shown, and fails nothing.
 *
 *   npm run bench                        everything
 *   npm run bench -- signatures sweep    these alone
 *   npm run bench -- --json FILE         where the JSON goes (default: bench.json, not committed)
 */

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureBundleSize } from './bundle-size.ts';
import { measureColdStart } from './cold-start.ts';
import type { Figure, Measure } from './figure.ts';
import { measureHandover } from './handover.ts';
import { measureHotPath } from './hot-path.ts';
import { measureMemory } from './memory.ts';
import { measureSignatures } from './signatures.ts';
import { measureSweep } from './sweep.ts';
import { tableOf } from './table.ts';
import { measureWorkers } from './workers.ts';

const MEASURES: Readonly<Record<string, Measure>> = {
  'cold-start': measureColdStart,
  handover: measureHandover,
  signatures: measureSignatures,
  memory: measureMemory,
  'hot-path': measureHotPath,
  workers: measureWorkers,
  sweep: measureSweep,
  'bundle-size': measureBundleSize,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string', default: 'bench.json' } },
});

const unknown = positionals.filter((name) => MEASURES[name] === undefined);
if (unknown.length > 0) {
  process.stderr.write(
    `There is no bench "${unknown.join('", "')}". There are: ${Object.keys(MEASURES).join(', ')}.\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stderr.write(`${name} …\n`);
  figures.push(...(await measure((line) => process.stderr.write(`  ${line}\n`))));
}

const machine = {
  node: process.version,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
};
process.stdout.write(
  `\n${tableOf(figures)}\n\nNode ${machine.node}, ${machine.cores} × ${machine.cpu}\n`,
);
writeFileSync(
  values.json,
  `${JSON.stringify({ at: new Date().toISOString(), machine, figures }, null, 2)}\n`,
);
process.stderr.write(`Written to ${values.json}\n`);
// Google's clients keep connections open; everything is measured.
process.exit(0);
