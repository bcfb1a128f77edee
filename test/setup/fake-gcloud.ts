/**
 * The fake cloud as a program: `gcloud` for a script that looks it up on its PATH.
 *
 * Keeps its state in the JSON file that `FAKE_CLOUD` names. Started by the shell script that `fake-path.ts` writes.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { answerTo, type FakeCloud } from './fake-cloud.ts';

const file = process.env['FAKE_CLOUD'] ?? '';
const cloud = JSON.parse(readFileSync(file, 'utf8')) as FakeCloud;
const { exitCode, stdout, stderr } = answerTo(
  cloud,
  process.argv.slice(2),
  readFileSync(0, 'utf8'),
);
writeFileSync(file, JSON.stringify(cloud, null, 1));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
