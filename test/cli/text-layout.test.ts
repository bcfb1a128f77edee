/** Where lines break, and how a table lines up. */

import { describe, expect, it } from 'vitest';
import { tableLines, wrapText } from '../../functions/cli/text-layout.ts';

describe('a text that is too wide', () => {
  const cases = [
    { name: 'fits exactly', text: 'abc def', columns: 7, expected: ['abc def'] },
    { name: 'is one column too wide', text: 'abc def', columns: 6, expected: ['abc', '  def'] },
    { name: 'fits without limit', text: 'a  b', columns: Infinity, expected: ['a  b'] },
    { name: 'is one long word', text: 'abcdefgh', columns: 4, expected: ['abcdefgh'] },
    {
      name: 'keeps its indent and its gaps',
      text: '  a   b cc',
      columns: 8,
      expected: ['  a   b', '  cc'],
    },
    {
      name: 'keeps a quoted command whole',
      text: 'run "token-cadence status", then',
      columns: 20,
      expected: ['run', '  "token-cadence status",', '  then'],
    },
    {
      name: 'has colours, which take no room',
      text: '\u001b[31mabc\u001b[39m def',
      columns: 7,
      expected: ['\u001b[31mabc\u001b[39m def'],
    },
    { name: 'is empty', text: '', columns: 4, expected: [''] },
  ];
  for (const { name, text, columns, expected } of cases) {
    it(name, () => {
      expect(wrapText(text, columns, 2)).toEqual(expected);
    });
  }
});

it('a table pads every column but the last, and leaves no blanks at the end', () => {
  expect(
    tableLines([
      ['a', 'long', 'x'],
      ['bb', 'c', 'yyy'],
      ['c', '', ''],
    ]),
  ).toEqual(['a   long  x', 'bb  c     yyy', 'c']);
});
