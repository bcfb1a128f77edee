/**
 * What Secret Manager accepts as an id, a label, an annotation, an alias and a payload.
 *
 * Judges only; every refusal names the rule, never a payload. Used by `book.ts`.
 *
 * @see https://docs.cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
 */

import { Refusal } from './refusal.ts';

type Texts = Readonly<Record<string, string>>;

const ANNOTATIONS_LIMIT = 16 * 1024;
const PAYLOAD_LIMIT = 64 * 1024;
const LABELS_LIMIT = 64;
const ALIASES_LIMIT = 50;
const TOPICS_LIMIT = 10;

function invalid(message: string): Refusal {
  return new Refusal('INVALID_ARGUMENT', message);
}

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

export function checkSecretId(id: string): void {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id)) {
    throw invalid('The secret id must be 1 to 255 letters, digits, "-" and "_".');
  }
}

export function checkLabels(labels: Texts): void {
  const entries = Object.entries(labels);
  if (entries.length > LABELS_LIMIT) throw invalid(`At most ${LABELS_LIMIT} labels are allowed.`);
  for (const [key, value] of entries) {
    if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key) || bytes(key) > 128) {
      throw invalid('A label key does not match [\\p{Ll}\\p{Lo}][\\p{Ll}\\p{Lo}\\p{N}_-]{0,62}.');
    }
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value) || bytes(value) > 128) {
      throw invalid(`The value of label "${key}" does not match [\\p{Ll}\\p{Lo}\\p{N}_-]{0,63}.`);
    }
  }
}

export function checkAnnotations(annotations: Texts): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(key)) {
      throw invalid(
        'An annotation key must be 1 to 63 of [A-Za-z0-9._-], alphanumeric at both ends.',
      );
    }
    size += bytes(key) + bytes(value);
  }
  if (size >= ANNOTATIONS_LIMIT) {
    throw invalid(
      `Annotation keys and values together must be less than ${ANNOTATIONS_LIMIT} bytes.`,
    );
  }
}

export function checkAliases(aliases: Texts, versions: number): void {
  const entries = Object.entries(aliases);
  if (entries.length > ALIASES_LIMIT) {
    throw invalid(`At most ${ALIASES_LIMIT} version aliases are allowed.`);
  }
  for (const [alias, version] of entries) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(alias) || alias === 'latest' || alias === 'NEW') {
      throw invalid('A version alias must begin with a letter, and "latest" and "NEW" are taken.');
    }
    const number = Number(version);
    if (!Number.isInteger(number) || number < 1 || number > versions) {
      throw new Refusal('FAILED_PRECONDITION', `Alias "${alias}" names no version of this secret.`);
    }
  }
}

export function checkTopics(topics: readonly { readonly name: string }[]): void {
  if (topics.length > TOPICS_LIMIT) throw invalid(`At most ${TOPICS_LIMIT} topics are allowed.`);
  if (topics.some(({ name }) => !/^projects\/[^/]+\/topics\/[^/]+$/.test(name))) {
    throw invalid('A topic must be named projects/*/topics/*.');
  }
}

export function checkPayload(data: Uint8Array): void {
  if (data.length === 0) throw invalid('The payload must not be empty.');
  if (data.length > PAYLOAD_LIMIT) {
    throw invalid(`The payload is larger than ${PAYLOAD_LIMIT} bytes.`);
  }
}
