/**
 * The shell of every page that a person sees at a simulated broker.
 *
 * Functions from data to HTML; they decide nothing. Everything is inline and allowed by hash, so that the
 * pages load nothing from anywhere, and all but the Copy button works without JavaScript. Called by the
 * simulators.
 */

import { createHash } from 'node:crypto';
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

export type Page = {
  /** The broker's name as people know it. */
  readonly brand: string;
  readonly title: string;
  readonly main: string;
  /** Whether the page has something to copy: an input of class `code` and one button. */
  readonly canCopy?: boolean;
  /** Origins a form of this page may lead to besides its own. */
  readonly formTargets?: readonly string[];
  /** @default 200 */
  readonly status?: number;
};

export function page({
  brand,
  title,
  main,
  canCopy = false,
  formTargets = [],
  status = 200,
}: Page): Answer {
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
    status,
    type: 'text/html;charset=utf-8',
    headers: { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)} – Simulated ${escapeMarkup(brand)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<p class="sim">Simulation: no real account, no real money</p>
<header>Simulated <b>${escapeMarkup(brand)}</b></header>
<main>
${main}
</main>
${canCopy ? `<script>${COPY_SCRIPT}</script>` : ''}
</body>
</html>
`,
  };
}

/** `ab12…ef90`: enough to recognize a key by. */
export function shortKey(key: string): string {
  return key.length <= 12 ? key : `${key.slice(0, 4)}…${key.slice(-4)}`;
}

export function escapeMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
