/**
 * CRC32C, bit by bit: slow, obvious, and sharing nothing with the product's own.
 *
 * The stand-in checks with it what the product has sent. Used by `payload.ts`.
 */

/** The Castagnoli polynomial, reflected. */
const POLYNOMIAL = 0x82f63b78;

export function checksumOf(data: Uint8Array): string {
  let register = 0xffffffff;
  for (const byte of data) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      register = register & 1 ? (register >>> 1) ^ POLYNOMIAL : register >>> 1;
    }
  }
  return String((register ^ 0xffffffff) >>> 0);
}
