import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../functions/storage/crc32c.ts';
import { checksumOf } from '../../infra/local/secret-manager/checksum.ts';

const upwards = Uint8Array.from({ length: 32 }, (_, index) => index);

/** RFC 3720, appendix B.4, and the check value of the CRC catalogue. */
const VECTORS = [
  { name: 'nothing', bytes: new Uint8Array(), checksum: 0 },
  { name: '"123456789"', bytes: Buffer.from('123456789'), checksum: 0xe3069283 },
  { name: '32 zeros', bytes: new Uint8Array(32), checksum: 0x8a9136aa },
  { name: '32 ones', bytes: new Uint8Array(32).fill(0xff), checksum: 0x62a8ab43 },
  { name: '0 to 31', bytes: upwards, checksum: 0x46dd794e },
  { name: '31 to 0', bytes: upwards.toReversed(), checksum: 0x113fdb5c },
];

describe('crc32c', () => {
  it.each(VECTORS)('is the published one for $name', ({ bytes, checksum }) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  it("is what the stand-in's own calculation says, for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(String(crc32c(bytes))).toBe(checksumOf(bytes));
      }),
    );
  });
});
