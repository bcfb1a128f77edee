/**
 * An argument that cannot be right. Said in one sentence; the program exits with 2.
 *
 * Never repeats what was typed: a PIN or a key may have got into the wrong place.
 */

export class ArgumentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ArgumentError';
  }
}
