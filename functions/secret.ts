/**
 * A string that prints as `[redacted]`: tokens, consumer secrets, bot tokens, keys, PINs.
 *
 * It never shows its value in logs, JSON, templates or `util.inspect`; `reveal()` is the one way out,
 * so that a search for it finds every place where a secret leaves its wrapping. Used by every room.
 */

const REDACTED = '[redacted]';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The bare value: hand it to the one call that needs it, never keep it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
