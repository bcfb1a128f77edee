/**
 * The frame around every page: head, landmarks, the one style sheet and the one script.
 *
 * Knows no session and no route but home. Called by every page of this room.
 */

import { type Html, html, render, trusted } from './html.ts';
import { zoneText } from './moments.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { LAYOUT } from './texts.ts';

/** Three quarters of a turn: the day's round, drawn without a request. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Cpath d=%22M16 4a12 12 0 1 0 12 12%22 fill=%22none%22 stroke=%22%232f6fe4%22 stroke-width=%226%22 stroke-linecap=%22round%22/%3E%3C/svg%3E';

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

/** A span that counts down to `until`, spoken by nobody until it matters. */
export function countdown(until: number, text: string): Html {
  return html`<time class="left" role="timer" data-until="${until}" datetime="${new Date(until).toISOString()}">${text}</time>`;
}
