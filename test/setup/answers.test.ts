import { describe, expect, it } from 'vitest';
import { createAnswers } from '../../infra/setup/answers.ts';

const KEY = { name: 'ETRADE_PROD_KEY', question: 'Consumer key', isSecret: true };

/** A terminal at which this is typed, or whose standard input these lines are. */
function answersOf(typed: string, isInteractive: boolean) {
  const lines = [typed];
  return createAnswers({
    isInteractive,
    ask: async () => typed,
    askHidden: async () => typed,
    readLine: async () => lines.shift() ?? null,
    note: () => undefined,
  });
}

describe('an answer that was copied', () => {
  it.each([
    ['typed', ' \u200bab\u00adcd\ufeff ', true],
    ['handed in', 'ETRADE_PROD_KEY=\u200bab\u00adcd\u200e ', false],
    ['in a file with a byte-order mark', '\ufeffETRADE_PROD_KEY=abcd', false],
  ])('loses what nobody sees in it: %s', async (_how, text, isInteractive) => {
    expect(await answersOf(text, isInteractive).get(KEY)).toBe('abcd');
  });
});
