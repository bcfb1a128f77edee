/**
 * Pages for whoever stands outside: the link has ended, no cookie, and what came of asking for a link.
 *
 * Tells nothing of sessions or states. The one thing to do here is to have a link sent to the configured
 * chat.
 */

import { html } from './html.ts';
import { layout } from './layout.ts';
import { LINK } from './texts.ts';

export type AccessCase = 'ended' | 'needed' | 'sent' | 'tooSoon' | 'notDelivered';

export function accessPage(which: AccessCase): string {
  const words = LINK[which];
  const asks = which === 'ended' || which === 'needed' || which === 'notDelivered';
  return layout({
    title: words.title,
    now: null,
    zone: null,
    back: false,
    reload: false,
    body: html`<div class="mark${which === 'sent' && ' good'}" aria-hidden="true">${which === 'sent' ? '✓' : '↗'}</div>
<h1 class="center">${words.title}</h1>
<p class="center lead">${words.text}</p>
${
  asks &&
  html`<form method="post" action="/link" class="actions"><button class="button" data-busy="${LINK.busy}">${LINK.button}</button></form>`
}`,
  });
}
