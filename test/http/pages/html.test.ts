/** Markup that cannot forget to escape. */

import { describe, expect, it } from 'vitest';
import { html, render, trusted } from '../../../functions/http/pages/html.ts';

describe('html', () => {
  it('escapes what it is given, in text and in attributes', () => {
    const evil = `<img src=x onerror='alert("1")'> & co`;
    expect(render(html`<a title="${evil}">${evil}</a>`)).toBe(
      '<a title="&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; co">&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; co</a>',
    );
  });

  it('places its own markup as it is, in lists too', () => {
    const items = ['<1>', '2'].map((item) => html`<li>${item}</li>`);
    expect(render(html`<ul>${items}</ul>`)).toBe('<ul><li>&lt;1&gt;</li><li>2</li></ul>');
  });

  it('leaves nothing behind for null, undefined and false, and writes a zero', () => {
    expect(render(html`[${null}${undefined}${false}${0}${''}]`)).toBe('[0]');
  });

  it('places constants of our own unescaped', () => {
    expect(render(html`${trusted('<b>')}`)).toBe('<b>');
  });
});
