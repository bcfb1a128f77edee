import { describe, expect, it } from 'vitest';
import { parseTelegramHtml } from '../../infra/local/telegram-html.ts';

describe('parseTelegramHtml', () => {
  it.each([
    { source: 'plain', text: 'plain', safeHtml: 'plain' },
    { source: '<b>a</b> <i>b</i>', text: 'a b', safeHtml: '<b>a</b> <i>b</i>' },
    { source: '<STRONG>a</STRONG >', text: 'a', safeHtml: '<b>a</b>' },
    { source: '<b><i>a</i></b>', text: 'a', safeHtml: '<b><i>a</i></b>' },
    { source: '<b>a</>', text: 'a', safeHtml: '<b>a</b>' },
    {
      source: '&lt;&amp;&quot;&gt;&#65;&#x1F600;',
      text: '<&">A😀',
      safeHtml: '&lt;&amp;&quot;&gt;A😀',
    },
    {
      source: 'a & b &nbsp; &#0;',
      text: 'a & b &nbsp; &#0;',
      safeHtml: 'a &amp; b &amp;nbsp; &amp;#0;',
    },
    { source: "it's > 3", text: "it's > 3", safeHtml: 'it&#39;s &gt; 3' },
    {
      source: '<a href="javascript:alert(1)" onclick=x>a</a>',
      text: 'a',
      safeHtml: '<u>a</u>',
    },
  ])('reads $source', ({ source, text, safeHtml }) => {
    expect(parseTelegramHtml(source)).toEqual({ ok: true, text, safeHtml });
  });

  it.each([
    { source: '<script>x</script>', problem: 'Unsupported start tag "script" at byte offset 0' },
    { source: 'é<br>', problem: 'Unsupported start tag "br" at byte offset 2' },
    { source: '1 < 2', problem: 'Unsupported start tag "" at byte offset 2' },
    { source: '<constructor>', problem: 'Unsupported start tag "constructor" at byte offset 0' },
    { source: '<b', problem: 'Unclosed start tag at byte offset 0' },
    { source: '<b>x', problem: 'Can\'t find end tag corresponding to start tag "b"' },
    {
      source: '<b><i>x</b></i>',
      problem: 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"',
    },
    { source: 'x</b>', problem: 'Unexpected end tag at byte offset 1' },
  ])('refuses $source', ({ source, problem }) => {
    expect(parseTelegramHtml(source)).toEqual({ ok: false, problem });
  });
});
