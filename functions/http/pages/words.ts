/**
 * What a text of the pages is made of, and the phrases that several of them share.
 *
 * Words only. Used by the other files of texts.
 */

export type Words = {
  readonly title: string;
  readonly text: string;
  /** A broker's or a connection's own word: for a closer look, never in a sentence. */
  readonly detail?: string;
};

/** What stands above such a word. */
export const DETAILS = 'Details';

/** Ends a sentence about what was entered. */
export const NOT_SENT = 'was not sent, and no try was used.';
