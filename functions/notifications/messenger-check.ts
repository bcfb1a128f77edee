/**
 * What the doctor asks of the messenger: would a message arrive, and does one?
 *
 * Throws `NotificationError`, whose message says what to do. Implemented by `telegram-check.ts`.
 */

export interface MessengerCheck {
  /** Whether a message would arrive. Sends none; the chat may show "typing" for a moment. Answers the bot's name. */
  check(): Promise<string>;
  /**
   * Sends a message that says it is a rehearsal.
   *
   * @param facts.link a real sign-in link: a bearer secret, for the button only
   */
  rehearse(facts: { readonly title: string; readonly link: string }): Promise<void>;
}
