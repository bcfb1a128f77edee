/**
 * Looks at a deployment from outside: the page as strangers see it, the private functions as strangers do not,
 * and, with an identity token, health-check's own report.
 *
 * A stranger's call does nothing even where it is let in. Nothing is repeated but what a fresh deployment may
 * still be settling. Never prints a token or a body, but for the report's sentences, which hold no secret.
 * Called by `smoke.ts`.
 */

import * as z from 'zod';
import type { Wait } from '../../functions/clock.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import {
  type Deployment,
  PRIVATE_FUNCTIONS,
  type PrivateFunction,
  parseDeployment,
} from './deployment.ts';
import type { Finding } from './finding.ts';

export type CheckOptions = {
  readonly fetch: typeof globalThis.fetch;
  readonly wait: Wait;
  /** A token for a function's address, or `null` where there is none. */
  readonly identityToken: (audience: string) => Promise<string | null>;
  /**
   * How often a check is made before its problem counts: rights take a minute to spread.
   * @default 6
   */
  readonly tries?: number;
  /** @default 60000 */
  readonly timeoutMs?: number;
};

const TRIES = 6;
const BETWEEN_TRIES_MS = 10_000;

/** A cold start and a probe of every session. */
const TIMEOUT_MS = 60_000;

/** Functions refuse more than 64 KiB before they look at it. */
const REFUSED_BODY = 'x'.repeat(64 * 1024 + 1);

const CSP_PARTS = ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"];

const reportSchema = z.object({ worked: z.boolean(), problems: z.array(z.string()) });

const SEE_LOG = 'see its log in Cloud Logging; then "npm run deploy", or "npm run rollback"';

/** The same of what `terraform output -json` prints. */
export async function checkOutputs(
  outputs: string,
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const parsed = parseDeployment(outputs);
  if (parsed.ok) return checkDeployment(parsed.deployment, options);
  return [{ type: 'problem', what: parsed.problem, todo: 'npm run deploy' }];
}

/** All findings, in the order in which they are made. */
export async function checkDeployment(
  deployment: Deployment,
  options: CheckOptions,
): Promise<readonly Finding[]> {
  const again = (check: () => Promise<Finding>) => settled(check, options);
  const made = await Promise.all([
    ...deployment.pages.flatMap((url) => [
      again(() => checkPage(url, options)),
      again(() => checkStatus(url, options)),
    ]),
    ...PRIVATE_FUNCTIONS.map((name) =>
      again(() => checkPrivate(name, deployment.functions[name], options)),
    ),
  ]);
  return [...made, ...(await checkHealth(deployment.functions['health-check'], options))];
}

async function settled(
  check: () => Promise<Finding>,
  { wait, tries = TRIES }: CheckOptions,
): Promise<Finding> {
  let finding = await check();
  for (let made = 1; made < tries && finding.type === 'problem'; made += 1) {
    await wait(BETWEEN_TRIES_MS);
    finding = await check();
  }
  return finding;
}

async function checkPage(url: string, options: CheckOptions): Promise<Finding> {
  const answer = await ask(options, url, { headers: { accept: 'text/html' } });
  if (typeof answer === 'string') return unreachable(url, answer);
  const { status, headers, text } = answer;
  if (status === 403) {
    const what = `${url}: Google refuses strangers (403), so nobody could sign in`;
    const todo =
      '"npm run deploy" lets everyone call pin-exchange; where an organization forbids it: "npm run deploy -- --set public=unchecked"';
    return { type: 'problem', what, todo };
  }
  if (status !== 401 || !text.includes('<!doctype html>')) {
    return { type: 'problem', what: `${url}: answers ${status}, not its page`, todo: SEE_LOG };
  }
  const wrong = wrongHeaders(url, headers);
  if (wrong.length > 0) {
    const what = `${url}: the page lacks ${wrong.join(', ')}`;
    return { type: 'problem', what, todo: 'Something before the function changes its answers' };
  }
  return { type: 'ok', what: `${url}: shows strangers a closed door, with its security headers` };
}

/** By name. What a hosting before the function may lengthen, or the sessions add to, counts where it matters. */
function wrongHeaders(url: string, headers: Headers): string[] {
  const expected = securityHeaders({ https: url.startsWith('https:'), authorizeOrigins: [] });
  return Object.entries(expected).flatMap(([name, value]) => {
    const given = headers.get(name) ?? '';
    switch (name) {
      case 'content-security-policy':
        return CSP_PARTS.every((part) => given.includes(part)) ? [] : [name];
      case 'strict-transport-security':
        return /max-age=[1-9]/.test(given) ? [] : [name];
      default:
        return given === value ? [] : [name];
    }
  });
}

async function checkStatus(page: string, options: CheckOptions): Promise<Finding> {
  const url = `${page}/status`;
  const answer = await ask(options, url, {});
  if (typeof answer === 'string') return unreachable(url, answer);
  const { status } = answer;
  if (status === 401) return { type: 'ok', what: `${url}: refused without the key` };
  const what = `${url}: answers ${status} without the key, not 401`;
  return { type: 'problem', what, todo: SEE_LOG };
}

async function checkPrivate(
  name: PrivateFunction,
  url: string,
  options: CheckOptions,
): Promise<Finding> {
  const answer = await ask(options, url, { method: 'POST', body: REFUSED_BODY });
  if (typeof answer === 'string') return unreachable(name, answer);
  const { status, headers } = answer;
  if (status === 401 || status === 403) {
    return { type: 'ok', what: `${name}: refuses strangers (${status})` };
  }
  if (isOurs(headers)) {
    const what = `${name}: lets strangers in (${status})`;
    const todo = `gcloud run services remove-iam-policy-binding ${name} --region=<region> --member=allUsers --role=roles/run.invoker; then "npm run deploy"`;
    return { type: 'problem', what, todo };
  }
  const what = `${name}: answers ${status}, neither itself nor Google's refusal`;
  return { type: 'problem', what, todo: 'Is it deployed there? "npm run deploy"' };
}

/** Whether the function itself has spoken. */
function isOurs(headers: Headers): boolean {
  return (headers.get('content-security-policy') ?? '').includes("default-src 'none'");
}

async function checkHealth(url: string, options: CheckOptions): Promise<Finding[]> {
  const token = await options.identityToken(url);
  if (token === null) {
    const what = 'health-check: its report was not asked for, for want of an identity token';
    return [
      { type: 'not-checked', what, todo: 'gcloud auth login; on Windows in WSL or Cloud Shell' },
    ];
  }
  const headers = { authorization: `Bearer ${token}` };
  const answer = await ask(options, url, { method: 'POST', headers });
  if (typeof answer === 'string') return [unreachable('health-check', answer)];
  const { status, text } = answer;
  if (status === 401 || status === 403) {
    const what = `health-check: this account may not ask for its report (${status})`;
    const todo =
      'gcloud run services add-iam-policy-binding health-check --region=<region> --member=<account> --role=roles/run.invoker';
    return [{ type: 'not-checked', what, todo }];
  }
  const report = reportOf(text);
  if (report === null) {
    const what = `health-check: answers ${status} and no report`;
    return [{ type: 'problem', what, todo: SEE_LOG }];
  }
  if (!report.worked) {
    const what = `health-check: could not do its work. ${report.problems.join(' ')}`.trim();
    return [{ type: 'problem', what, todo: SEE_LOG }];
  }
  const rest = report.problems.length === 0 ? 'all is well' : report.problems.join(' ');
  return [{ type: 'ok', what: `health-check: works, and reports: ${rest}` }];
}

function reportOf(text: string): z.infer<typeof reportSchema> | null {
  try {
    return reportSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function unreachable(what: string, problem: string): Finding {
  const todo = 'Is the address right and deployed? "npm run deploy"';
  return { type: 'problem', what: `${what}: ${problem}`, todo };
}

type Answer = { readonly status: number; readonly headers: Headers; readonly text: string };

/** The answer, or why there is none. */
async function ask(
  { fetch, timeoutMs = TIMEOUT_MS }: CheckOptions,
  url: string,
  init: RequestInit,
): Promise<Answer | string> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { ...init, redirect: 'manual', signal });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    const isSilent = error instanceof Error && error.name === 'TimeoutError';
    return isSilent ? `no answer within ${timeoutMs / 1000} s` : 'cannot be reached';
  }
}
