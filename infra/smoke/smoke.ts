/**
 * `npm run smoke -- --urls <file>`: does what was deployed answer as it should?
 *
 * The file is what `terraform output -json` prints. Exit code 0: all well; 1: a problem, each with what to
 * do; 2: wrong arguments or file. Changes nothing. `npm run setup`, `deploy` and `rollback` ask the same at their end.
 */

import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { systemWait } from '../../functions/clock.ts';
import { checkDeployment } from './checks.ts';
import { parseDeployment } from './deployment.ts';
import { textOf } from './finding.ts';
import { findIdentityToken } from './identity-token.ts';

const HELP = `Looks at a deployment from outside, and says what is wrong and what to do.

  terraform -chdir=infra/gcp output -json > urls.json
  npm run smoke -- --urls urls.json

  --urls FILE   what "terraform output -json" prints; /dev/stdin reads it from a pipe
  --tries N     looks at a check that fails N times, ten seconds apart (default: 6)
  --help        this text
`;

const PROBLEM = 1;
const USAGE = 2;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = optionsOf();
  if (options === null) return refuse(HELP);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  let text: string;
  try {
    text = await readFile(options.urls, 'utf8');
  } catch {
    return refuse(`"${options.urls}" cannot be read\n`);
  }
  const parsed = parseDeployment(text);
  if (!parsed.ok) return refuse(`${parsed.problem}\n`);
  const findings = await checkDeployment(parsed.deployment, {
    fetch: globalThis.fetch,
    wait: systemWait,
    identityToken: findIdentityToken,
    tries: options.tries,
  });
  for (const finding of findings) process.stdout.write(textOf(finding));
  const problems = findings.filter(({ type }) => type === 'problem').length;
  process.stdout.write(problems === 0 ? 'All is well.\n' : `Problems: ${problems}.\n`);
  return problems === 0 ? 0 : PROBLEM;
}

function refuse(text: string): number {
  process.stderr.write(text);
  return USAGE;
}

function optionsOf() {
  try {
    const { values } = parseArgs({
      options: {
        urls: { type: 'string', default: '' },
        tries: { type: 'string', default: '6' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { urls, help } = values;
    const isWhole = /^[1-9]\d?$/.test(values.tries) && (help || urls !== '');
    return isWhole ? { urls, help, tries: Number(values.tries) } : null;
  } catch {
    return null;
  }
}
