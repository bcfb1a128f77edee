/** Nobody who signs in by a redirect has a PIN: words say "code". */

import { describe, expect, it } from 'vitest';
import { redirectWords } from '../../../functions/http/pages/redirect-texts.ts';

describe('an exchange at a broker that leads back', () => {
  it.each([true, false])('speaks of a code, never of a PIN; answered: %s', (answered) => {
    const words = redirectWords(
      { word: 'exchange-failed', reason: 'transient', problem: 'timeout', answered },
      'Charles Schwab',
      String,
    );
    expect(words?.text).toContain('for a new');
    expect(words?.text).toContain('code');
    expect(JSON.stringify(words)).not.toContain('PIN');
  });
});
