/**
 * What can be a broker's PIN or code, and what is made of a text that was pasted or typed for one.
 *
 * Pure; the one place for this rule. The broker declares the shape. Never sends and never keeps a verifier.
 */

/** What a broker's verifiers look like. */
export type VerifierShape = {
  readonly minLength: number;
  readonly maxLength: number;
  /** Matches a text that holds none but the characters that may occur. */
  readonly characters: RegExp;
};

export type ReadVerifier =
  | { readonly ok: true; readonly verifier: string }
  | { readonly ok: false; readonly reason: 'empty' | 'too-long' | 'malformed' };

/**
 * Characters that nobody sees and that copying brings along: zero-width spaces, byte-order marks, soft hyphens,
 * marks of direction, variation selectors.
 */
export const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** The text as a person sees it: without what is invisible anywhere, and without blanks around it. */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, '').replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}

/** A text that cannot be a verifier is not one for anybody: it is never sent. */
export function readVerifier(text: string, shape: VerifierShape): ReadVerifier {
  const verifier = visibleText(text);
  if (verifier === '') return { ok: false, reason: 'empty' };
  if (!shape.characters.test(verifier)) return { ok: false, reason: 'malformed' };
  if (verifier.length > shape.maxLength) return { ok: false, reason: 'too-long' };
  return verifier.length < shape.minLength
    ? { ok: false, reason: 'malformed' }
    : { ok: true, verifier };
}
