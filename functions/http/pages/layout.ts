/**
 * The frame around every page: head, landmarks, style sheet and script; a small one for strangers, without
 * script.
 *
 * Knows no session and no route but home. Called by every page of this room.
 */

import { type Html, html, render, trusted } from './html.ts';
import { zoneText } from './moments.ts';
import { SCRIPT } from './script.ts';
import { PLAIN_STYLE, STYLE } from './style.ts';
import { LAYOUT } from './texts.ts';

/** Three quarters of a turn: the day's round, drawn without a request. */
const ICON =
  'data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22%20viewBox=%220%200%2032%2032%22%3E%3Cpath%20d=%22M16%204a12%2012%200%201%200%2012%2012%22%20fill=%22none%22%20stroke=%22%232f6fe4%22%20stroke-width=%226%22%20stroke-linecap=%22round%22/%3E%3C/svg%3E';

export type Layout = {
  readonly title: string;
  /** The server's clock, for countdowns on phones whose clock is wrong; `null` where nothing counts. */
  readonly now: number | null;
  /** The market's zone, named once for all times; `null` where no time is shown. */
  readonly zone: string | null;
  /** Whether the header leads back to the dashboard. */
  readonly back: boolean;
  /** Whether the page may load itself again to stay true: only pages that came by GET. */
  readonly reload: boolean;
  /** A page of many cards, side by side where there is room. */
  readonly broad?: boolean;
  readonly body: Html;
};

export function layout(page: Layout): string {
  return render(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex, nofollow">
<meta name="format-detection" content="telephone=no">
<title>${page.title} · ${LAYOUT.brand}</title>
<link rel="icon" href="${trusted(ICON)}">
<style>${trusted(STYLE)}</style>
</head>
<body data-now="${page.now ?? ''}"${page.reload && html` data-reload="yes"`}>
<div class="frame${page.broad && ' broad'}">
<header>
${page.back ? html`<a class="back" href="/">‹ ${LAYOUT.back}</a>` : html`<span class="brand">${LAYOUT.brand}</span>`}
</header>
<main>
${page.body}
</main>
${page.zone !== null && html`<footer>${LAYOUT.zone(zoneText(page.zone))}</footer>`}
</div>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`);
}

/** The page that strangers get: one sentence, one thing to do, a tenth of the size. */
export function plainLayout({ title, body }: Pick<Layout, 'title' | 'body'>): string {
  return render(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${title} · ${LAYOUT.brand}</title>
<link rel="icon" href="data:,">
<style>${trusted(PLAIN_STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`);
}

/** A span that counts down to `until`, spoken by nobody until it matters. */
export function countdown(until: number, text: string): Html {
  return html`<time class="left" role="timer" data-until="${until}" datetime="${new Date(until).toISOString()}">${text}</time>`;
}
