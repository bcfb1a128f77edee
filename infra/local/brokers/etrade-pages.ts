/**
 * The pages a person sees at the simulated broker: logon with consent, the code, a refusal.
 *
 * Functions from data to HTML; they decide nothing. Everything is inline and allowed by hash, so that the
 * pages load nothing from anywhere, and all but the Copy button works without JavaScript. Called by
 * `etrade-authorize.ts`.
 */

import { createHash } from 'node:crypto';
import { escapeMarkup } from './etrade-errors.ts';
import type { Answer } from './http-answer.ts';

const STYLE = `
:root { color-scheme: light dark; --ground: #f2f1f6; --card: #fff; --ink: #1c1830; --soft: #5f5a74; --line: #8d87a3;
  --accent: #5b2bb5; --on-accent: #fff; --accent-soft: #efe8fb; --sim: #fff1c2; --sim-ink: #4d3a00; --alarm: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #131019; --card: #1f1a29; --ink: #f0edf7; --soft: #b4adc6;
  --line: #7d7693; --accent: #b89bff; --on-accent: #1d0b45; --accent-soft: #2d2340; --sim: #4a3a06; --sim-ink: #ffe9a8; --alarm: #ffb4ab; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
.sim { margin: 0; padding: .5rem 1rem; background: var(--sim); color: var(--sim-ink); font-size: .875rem; text-align: center; }
header { padding: 1.25rem 1rem .75rem; text-align: center; font-size: 1.25rem; font-weight: 700; letter-spacing: .01em; }
header b { color: var(--accent); }
main { max-width: 26rem; margin: 0 auto 2rem; padding: 1.5rem 1.25rem; background: var(--card); border-radius: 1rem; }
@media (max-width: 28rem) { main { margin-inline: .75rem; } }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 0; font-size: 1rem; }
p { margin: 0 0 1rem; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { width: 100%; min-height: 3rem; padding: .5rem .75rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .625rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.consent { margin: 1.5rem 0 1.25rem; padding: 1rem; background: var(--accent-soft); border-radius: .75rem; }
.consent p { margin: .5rem 0 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .125rem 1rem; margin: .75rem 0 0; font-size: .9375rem; }
dt { color: var(--soft); }
dd { margin: 0; text-align: right; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
button { width: 100%; min-height: 3.25rem; margin-top: .75rem; padding: .5rem 1rem; font: inherit; font-weight: 700;
  color: var(--accent); background: transparent; border: 2px solid var(--accent); border-radius: .75rem; cursor: pointer; }
button.main { color: var(--on-accent); background: var(--accent); }
[hidden] { display: none; }
.code { height: 4.5rem; padding: 0; text-align: center; text-indent: .18em; font: 700 2.25rem/1 ui-monospace, monospace;
  letter-spacing: .18em; border: 2px solid var(--accent); }
.soft { color: var(--soft); font-size: .9375rem; }
.after { margin-top: 1.25rem; }
.alarm { color: var(--alarm); font-weight: 600; }
main > :last-child, .consent > :last-child { margin-bottom: 0; }
`;

const COPY_SCRIPT = `
const code = document.querySelector('.code');
const copy = document.querySelector('button');
copy.hidden = false;
code.addEventListener('focus', () => code.select());
copy.addEventListener('click', async () => {
  try { await navigator.clipboard.writeText(code.value); }
  catch { code.select(); document.execCommand('copy'); }
  copy.textContent = 'Copied';
});
`;

function hashOf(inline: string): string {
  return `'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
}

const STYLE_HASH = hashOf(STYLE);
const SCRIPT_HASH = hashOf(COPY_SCRIPT);

type Page = {
  readonly title: string;
  readonly main: string;
  readonly script?: string;
  /** Origins a form of this page may lead to besides its own. */
  readonly formTargets?: readonly string[];
};

function page({ title, main, script, formTargets = [] }: Page): Answer {
  const policy = [
    "default-src 'none'",
    `style-src ${STYLE_HASH}`,
    `script-src ${SCRIPT_HASH}`,
    'img-src data:',
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return {
    status: 200,
    type: 'text/html;charset=utf-8',
    headers: { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)} – Simulated E*TRADE</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<p class="sim">Simulation: no real account, no real money</p>
<header>Simulated <b>E*TRADE</b></header>
<main>
${main}
</main>
${script === undefined ? '' : `<script>${script}</script>`}
</body>
</html>
`,
  };
}

/** Logon and consent in one; `key` and `token` come back with the form. */
export function logonPage(facts: {
  readonly key: string;
  readonly token: string;
  readonly environment: string;
  readonly userId: string;
  readonly reference: string;
  readonly error: string | null;
  readonly formTargets: readonly string[];
}): Answer {
  const value = (text: string): string => escapeMarkup(text);
  return page({
    title: 'Log on',
    formTargets: facts.formTargets,
    main: `<h1>Log on to authorize</h1>
${facts.error === null ? '' : `<p class="alarm" role="alert">${value(facts.error)}</p>`}
<form method="post" autocomplete="off">
<input type="hidden" name="key" value="${value(facts.key)}">
<input type="hidden" name="token" value="${value(facts.token)}">
<label for="userId">User ID</label>
<input id="userId" name="userId" value="${value(facts.userId)}" autocapitalize="none" autocorrect="off" spellcheck="false">
<label for="password">Password</label>
<input id="password" name="password" type="password" value="simulated">
<section class="consent">
<h2>An application asks for access</h2>
<p>It will be able to see your accounts and to place orders until midnight, New York time.</p>
<dl>
<dt>Application</dt><dd>${value(shortKey(facts.key))}</dd>
<dt>Environment</dt><dd>${value(facts.environment)}</dd>
<dt>Reference</dt><dd>${value(facts.reference)}</dd>
</dl>
</section>
<button class="main" name="decision" value="Accept">Accept</button>
<button name="decision" value="Decline">Decline</button>
</form>`,
  });
}

function shortKey(key: string): string {
  return key.length <= 12 ? key : `${key.slice(0, 4)}…${key.slice(-4)}`;
}

/** The code to carry back, in the value of the page's only input. */
export function codePage(verifier: string): Answer {
  return page({
    title: 'Verification code',
    script: COPY_SCRIPT,
    main: `<h1>Your verification code</h1>
<p id="hint">Copy this code, go back to the application, and paste it there.</p>
<input class="code" value="${escapeMarkup(verifier)}" readonly autofocus aria-label="Verification code" aria-describedby="hint">
<button class="main" type="button" aria-live="polite" hidden>Copy</button>
<p class="soft after">It works once, and only within five minutes of starting the sign-in.</p>`,
  });
}

export function declinedPage(): Answer {
  return page({
    title: 'Declined',
    main: `<h1>Access declined</h1>
<p>The application was given nothing.</p>
<p class="soft">You can close this page. To sign in after all, start again from the application.</p>`,
  });
}

/** What the broker shows for every request token it does not like, without saying why. */
export function logonDelayPage(): Answer {
  return page({
    title: 'Not completed',
    main: `<h1>Not completed</h1>
<p role="alert">Due to a logon delay or other issue, your authentication could not be completed at this time. Please try again.</p>
<p class="soft">Go back to the application and start a new sign-in.</p>`,
  });
}
