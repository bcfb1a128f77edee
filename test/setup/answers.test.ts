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

describe('answers that cannot be read', () => {
  it.each([
    ['ETRADE_PROD_KEY: canary', 'Line 1 of the answers is not NAME=value'],
    ['ETRADE_PROD_KEY=canary\nETRADE_PROD_KEY=x', 'Lines 1 and 2 of the answers set the same name'],
    ['ETRADE_PROD_KEY="canary', 'Line 1 of the answers opens a quotation mark'],
  ])('are told by their line, and no default takes their place: %j', async (text, says) => {
    const asked = answersOf(text, false).get({ ...KEY, fallback: 'default' });
    await expect(asked).rejects.toThrow(says);
    await expect(asked).rejects.not.toThrow('canary');
  });
});
