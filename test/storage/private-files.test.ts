import { describe, expect, it } from 'vitest';
import { StoreError } from '../../functions/errors.ts';
import { storeErrorOf } from '../../functions/storage/private-files.ts';

describe('a failed file operation', () => {
  it.each([
    { code: 'EACCES', means: 'STORE_DENIED', retryable: false, advice: 'read and write access' },
    { code: 'EPERM', means: 'STORE_DENIED', retryable: false, advice: 'read and write access' },
    { code: 'EROFS', means: 'STORE_DENIED', retryable: false, advice: 'read and write access' },
    { code: 'ENOSPC', means: 'STORE_UNAVAILABLE', retryable: true, advice: 'free some space' },
    { code: 'EDQUOT', means: 'STORE_UNAVAILABLE', retryable: true, advice: 'free some space' },
    { code: 'EIO', means: 'STORE_UNAVAILABLE', retryable: true, advice: 'its disk' },
    { code: 'ENOENT', means: 'STORE_UNAVAILABLE', retryable: true, advice: 'its disk' },
  ])('with $code is $means', ({ code, means, retryable, advice }) => {
    const cause = Object.assign(new Error(code), { code });
    const error = storeErrorOf(cause, '/var/store');
    expect(error).toMatchObject({ code: means, retryable, cause });
    expect(error.message).toContain(`"/var/store" (${code})`);
    expect(error.message).toContain(advice);
  });

  it('that already says what it means is passed on', () => {
    const error = new StoreError('said', { code: 'STORE_DENIED', retryable: false });
    expect(storeErrorOf(error, '/var/store')).toBe(error);
  });
});
