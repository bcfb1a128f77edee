/**
 * The plain page for everything that needs one sentence and a way home: not found, refused, broken.
 *
 * From words to text, no data of any session.
 */

import { html } from './html.ts';
import { plainLayout } from './layout.ts';
import { MESSAGE, type Words } from './texts.ts';

export function messagePage(words: Words): string {
  return plainLayout({
    title: words.title,
    body: html`<h1>${words.title}</h1>
<p>${words.text}</p>
<a class="button" href="/">${MESSAGE.home}</a>`,
  });
}
