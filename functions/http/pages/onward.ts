/**
 * The page between the tap and a broker whose login wanders over several hosts: the browser leaves it by
 * itself, a button does the same.
 *
 * A redirect right after the post would be held to `form-action` on every hop, and a broker's further hosts
 * are nobody's to list. Shown by `POST /sign-in/<key>/start`.
 */

import { html } from './html.ts';
import { layout } from './layout.ts';
import { REDIRECT } from './redirect-texts.ts';

export function onwardPage({ title, address }: { title: string; address: string }): string {
  return layout({
    title: REDIRECT.onward(title),
    now: null,
    zone: null,
    back: true,
    reload: false,
    body: html`<h1 class="center" id="onward">${REDIRECT.onward(title)}</h1>
<div class="actions"><a class="button" href="${address}" rel="noreferrer">${REDIRECT.goOn(title)}</a></div>`,
  });
}
