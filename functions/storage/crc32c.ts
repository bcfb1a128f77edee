/**
 * CRC32C (Castagnoli), the checksum that Secret Manager keeps beside a payload.
 *
 * Node has no CRC32C: `zlib.crc32` is another polynomial. Guards against damage, not against people.
 * Used by `secret-access.ts`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3720#appendix-B.4
 */

/** The polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** The checksum as an unsigned number, 0 for no bytes. */
export function crc32c(data: Uint8Array): number {
  let checksum = 0xffffffff;
  for (const byte of data) {
    checksum = (TABLE[(checksum ^ byte) & 0xff] ?? 0) ^ (checksum >>> 8);
  }
  return (checksum ^ 0xffffffff) >>> 0;
}
