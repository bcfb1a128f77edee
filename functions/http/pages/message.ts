/**
 * The plain page for everything that needs one sentence and a way home: not found, refused, broken.
 *
 * From words to text, no data of any session.
 */

import { html } from './html.ts';
import { layout } from './layout.ts';
import { MESSAGE, type Words } from './texts.ts';

export function messagePage(words: Words): string {
  return layout({
    title: words.title,
    now: null,
    zone: null,
    back: false,
    reload: false,
    body: html`<div class="mark bad" aria-hidden="true">!</div>
<h1 class="center">${words.title}</h1>
<p class="center lead">${words.text}</p>
<div class="actions"><a class="button" href="/">${MESSAGE.home}</a></div>`,
  });
}
