/**
 * The page for a broker's callback that finds no sign-in of this browser: the PIN to copy.
 *
 * Uses nothing up and knows no session of a stranger. Shown by `GET /callback/<broker>`.
 */

import { html } from './html.ts';
import { layout } from './layout.ts';
import { CALLBACK } from './texts.ts';

export type CallbackData = {
  readonly broker: string;
  readonly verifier: string;
  /** Sign-ins of this browser that it could be for; empty for a stranger. */
  readonly sessions: readonly { readonly key: string; readonly title: string }[];
};

export function callbackPage({ broker, verifier, sessions }: CallbackData): string {
  return layout({
    title: CALLBACK.title,
    now: null,
    zone: null,
    back: false,
    reload: false,
    body: html`<h1>${CALLBACK.title}</h1>
<section class="card"><p>${CALLBACK.text(broker)}</p>
<code class="pin" id="code">${verifier}</code>
<div class="actions"><button class="button" type="button" id="copy" hidden data-done="${CALLBACK.copied}">${CALLBACK.copy}</button>
${sessions.map(
  ({ key, title }) =>
    html`<a class="button second" href="/sign-in/${key}">${CALLBACK.goOn(title)}</a>`,
)}</div></section>
${sessions.length === 0 && html`<p class="soft small">${CALLBACK.elsewhere}</p>`}`,
  });
}
