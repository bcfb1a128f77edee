/**
 * Pages for people who are not signed in to this one: the link has ended, no cookie, this browser was signed
 * out, and what came of asking for a link.
 *
 * Tells nothing of sessions or states. The one thing to do here is to have a link sent to the configured
 * chat.
 */

import { html } from './html.ts';
import { plainLayout } from './layout.ts';
import { LINK, type Words } from './texts.ts';

export type AccessCase = 'ended' | 'needed' | 'left' | 'sent' | 'notDelivered';

/** @param words where they depend on the moment */
export function accessPage(which: AccessCase, words: Words = LINK[which]): string {
  const asks = which === 'ended' || which === 'needed' || which === 'notDelivered';
  return plainLayout({
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p>${words.text}</p>
${asks && html`<form method="post" action="/link"><button class="button">${LINK.button}</button></form>`}`,
  });
}
