/**
 * The chat as a page: what a phone would show, with buttons that are real links.
 *
 * Functions from data to text; no framework. It follows new messages by a small script, and by
 * reloading where scripts are off. Shows only markup that `telegram-html.ts` rebuilt. Used by the
 * Telegram stand-in.
 */

import { createHash } from 'node:crypto';
import { DateTime } from 'luxon';
import type { ChatMessage } from './telegram-chat.ts';
import { escapeHtml } from './telegram-html.ts';

export type ChatView = {
  readonly messages: readonly ChatMessage[];
  readonly revision: number;
  readonly now: number;
  readonly zone: string;
};

/** Signs that open a message, drawn here because a desktop may have no font for them. */
const SIGNS: Readonly<Record<string, { name: string; drawing: string }>> = {
  '✅': {
    name: 'done',
    drawing:
      "<rect x='1' y='1' width='18' height='18' rx='4' fill='%2334a853'/><path d='M5 10.5l3.5 3.5L15 6.5' fill='none' stroke='white' stroke-width='2.4'/>",
  },
  '⏰': {
    name: 'bell',
    drawing:
      "<circle cx='4.5' cy='4.5' r='3' fill='%23d93025'/><circle cx='15.5' cy='4.5' r='3' fill='%23d93025'/><circle cx='10' cy='11' r='7' fill='white' stroke='%23d93025' stroke-width='2.2'/><path d='M10 7v4.2l2.8 1.6' fill='none' stroke='%23333' stroke-width='1.6'/>",
  },
  '🔴': { name: 'stop', drawing: "<circle cx='10' cy='10' r='8.5' fill='%23d93025'/>" },
  '⚠️': {
    name: 'look',
    drawing:
      "<path d='M10 1.8L19 18H1z' fill='%23fbbc04' stroke='%23fbbc04' stroke-width='1.6' stroke-linejoin='round'/><path d='M10 7.4v5M10 14.2v2' stroke='%23333' stroke-width='2'/>",
  },
};

const SIGN_STYLE = Object.values(SIGNS)
  .map(
    ({ name, drawing }) =>
      `.sign-${name} { background-image: url("data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'>${drawing}</svg>"); }`,
  )
  .join('\n');

const STYLE = `
:root { color-scheme: light dark;
  --wall: #c9dcc0; --wall2: #d9e5d0; --bar: #ffffff; --bubble: #ffffff; --text: #111a21; --soft: #5b6b77;
  --accent: #1d74b8; --button: #ffffffd9; --pill: #4f6a4bb8; --line: #00000014; }
@media (prefers-color-scheme: dark) { :root {
  --wall: #0e1621; --wall2: #121d2b; --bar: #17212b; --bubble: #1d2b3a; --text: #f2f6f9; --soft: #93a5b5;
  --accent: #6cb8f0; --button: #25384bd9; --pill: #24364890; --line: #ffffff14; } }
* { box-sizing: border-box; }
html, body { height: 100%; margin: 0; }
body { font: 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--text);
  background: linear-gradient(160deg, var(--wall2), var(--wall)); }
.phone { display: flex; flex-direction: column; height: 100dvh; max-width: 560px; margin: 0 auto; }
header { display: flex; align-items: center; gap: 12px; padding: 10px 16px; background: var(--bar);
  border-bottom: 1px solid var(--line); }
.face { flex: none; display: grid; place-items: center; width: 42px; height: 42px; border-radius: 50%;
  background: linear-gradient(160deg, #3fa0e0, #1d74b8); color: #fff; font-weight: 600; }
h1 { margin: 0; font-size: 17px; line-height: 1.25; }
header p { margin: 0; font-size: 13px; color: var(--soft); }
time { font-variant-numeric: tabular-nums; }
header time { margin-left: auto; font-size: 13px; color: var(--soft); text-align: right; white-space: pre-line; }
.scroll { flex: 1; display: flex; flex-direction: column-reverse; overflow-y: auto; padding: 8px 10px 16px; }
.list { margin: 0; padding: 0; list-style: none; }
.day { text-align: center; margin: 14px 0 10px; }
.day span { padding: 3px 12px; border-radius: 14px; background: var(--pill); color: #fff; font-size: 13px; font-weight: 500; }
.message { width: min(100%, 400px); margin: 0 0 10px; }
.bubble { padding: 8px 12px 6px; border-radius: 16px 16px 16px 5px; background: var(--bubble);
  box-shadow: 0 1px 1px var(--line); overflow-wrap: anywhere; }
.text { white-space: pre-wrap; }
.at { margin-top: 2px; font-size: 12px; color: var(--soft); text-align: right; }
code { font: 0.88em ui-monospace, "DejaVu Sans Mono", monospace; color: var(--accent); }
.button { position: relative; display: block; margin-top: 4px; padding: 13px 28px; border-radius: 12px;
  background: var(--button); color: var(--accent); font-weight: 600; text-align: center; text-decoration: none;
  overflow-wrap: anywhere; }
.button::after { content: "↗"; position: absolute; top: 4px; right: 9px; font-size: 13px; font-weight: 400; }
.button:hover { filter: brightness(1.06); }
.button:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
.empty { margin: 0 auto 40vh; max-width: 280px; padding: 14px 18px; border-radius: 16px; background: var(--bubble);
  color: var(--soft); text-align: center; }
.sign { display: inline-block; width: 1.15em; overflow: hidden; color: transparent; white-space: nowrap;
  vertical-align: -0.22em; height: 1.15em; background: center / contain no-repeat; }
${SIGN_STYLE}
`;

const SCRIPT = `
const list = document.querySelector('.list');
const clock = document.querySelector('header time');
let revision = Number(list.dataset.revision);
async function follow() {
  try {
    const update = await (await fetch('/messages.json')).json();
    clock.textContent = update.clock;
    if (update.revision !== revision) {
      revision = update.revision;
      list.innerHTML = update.html;
      list.parentElement.scrollTop = 0;
    }
  } catch {}
  setTimeout(follow, 1000);
}
setTimeout(follow, 1000);
`;

/** Headers of the page: nothing but its own style, its own script, and its own updates. */
export function pageHeaders(): Record<string, string> {
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'content-security-policy': [
      "default-src 'none'",
      `style-src '${sha256(STYLE)}'`,
      `script-src '${sha256(SCRIPT)}'`,
      "connect-src 'self'",
      "img-src 'self' data:",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  };
}

/** The whole page, newest message at the bottom and in view. */
export function chatPage(view: ChatView): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<noscript><meta http-equiv="refresh" content="3"></noscript>
<title>token-cadence: chat</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main class="phone">
<header>
<div class="face" aria-hidden="true">tc</div>
<div><h1>token-cadence</h1><p>bot, on this machine only</p></div>
<time>${clockLine(view)}</time>
</header>
<div class="scroll" role="log" aria-label="Messages" tabindex="0"><ol class="list" data-revision="${view.revision}">${chatList(view)}</ol></div>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** What the page's script asks for: the state as data, and ready to show. */
export function chatUpdate(view: ChatView) {
  return {
    revision: view.revision,
    clock: clockLine(view),
    messages: view.messages.map(({ id, at, chatId, text, buttons }) => ({
      id,
      at: new Date(at).toISOString(),
      chatId,
      text,
      buttons,
    })),
    html: chatList(view),
  };
}

function chatList({ messages, zone }: ChatView): string {
  if (messages.length === 0) {
    return '<li class="empty">No messages yet. The first alert comes on the morning of a trading day.</li>';
  }
  let lastDay = '';
  return messages
    .map((message) => {
      const day = format(message.at, zone, 'cccc, d LLLL');
      const pill = day === lastDay ? '' : `<li class="day"><span>${day}</span></li>`;
      lastDay = day;
      return pill + chatMessage(message, zone);
    })
    .join('\n');
}

function chatMessage(message: ChatMessage, zone: string): string {
  const edited = message.editedAt === null ? '' : 'edited ';
  const buttons = message.buttons.map(
    ({ text, url }) =>
      `<a class="button" href="${escapeHtml(url)}" target="_blank" rel="noopener noreferrer">${escapeHtml(text)}</a>`,
  );
  return `<li class="message"><div class="bubble"><div class="text">${withSigns(message.safeHtml)}</div><div class="at">${edited}<time datetime="${new Date(message.at).toISOString()}">${format(message.at, zone, 'HH:mm')}</time></div></div>${buttons.join('')}</li>`;
}

/** The signs stay in the text, for readers and copies; the drawing covers them. */
function withSigns(safeHtml: string): string {
  return safeHtml.replace(
    /✅|⏰|🔴|⚠️/gu,
    (sign) => `<span class="sign sign-${SIGNS[sign]?.name}">${sign}</span>`,
  );
}

/** "Mon 9 March", line break, "08:31 New York": the virtual clock. */
function clockLine({ now, zone }: ChatView): string {
  const city = zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
  return `${format(now, zone, 'ccc d LLLL')}\n${format(now, zone, 'HH:mm')} ${city}`;
}

function format(at: number, zone: string, pattern: string): string {
  return DateTime.fromMillis(at, { zone, locale: 'en-GB' }).toFormat(pattern);
}

function sha256(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
