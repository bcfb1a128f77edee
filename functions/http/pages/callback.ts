/**
 * The page for a broker's callback that names no sign-in of this browser: one button that finishes the
 * sign-in that is open here, or the PIN to copy.
 *
 * Uses nothing up and knows no session of a stranger, whose page is a small one.
 */

import { type Html, html } from './html.ts';
import { layout, plainLayout } from './layout.ts';
import { CALLBACK } from './texts.ts';

export type CallbackData = {
  readonly broker: string;
  readonly verifier: string;
  /** Of this browser; `null` for a stranger. */
  readonly csrf: string | null;
  /** Open sign-ins of this browser that it could be for; empty for a stranger. */
  readonly sessions: readonly { readonly key: string; readonly title: string }[];
};

export function callbackPage(data: CallbackData): string {
  const { csrf, sessions } = data;
  if (csrf === null) return strangersPage(data);
  const [only] = sessions;
  const finishes = only !== undefined && sessions.length === 1;
  const title = finishes ? CALLBACK.finishTitle(only.title) : CALLBACK.title;
  return layout({
    title,
    now: null,
    zone: null,
    back: false,
    reload: false,
    body: html`<h1>${title}</h1>
${finishes ? finish(data, only.key, csrf) : copy(data)}
${sessions.length === 0 && html`<p class="soft small">${CALLBACK.elsewhere}</p>`}`,
  });
}

function strangersPage({ broker, verifier }: CallbackData): string {
  return plainLayout({
    title: CALLBACK.title,
    body: html`<h1>${CALLBACK.title}</h1>
<p>${CALLBACK.text(broker)}</p>
<p><code id="code">${verifier}</code></p>
<p>${CALLBACK.elsewhere}</p>`,
  });
}

/** The field is open: a person who knows better than the address may type. */
function finish({ broker, verifier }: CallbackData, key: string, csrf: string): Html {
  return html`<section class="card"><p>${CALLBACK.finishText(broker)}</p>
<form method="post" action="/sign-in/${key}" autocomplete="off"><input type="hidden" name="csrf" value="${csrf}">
<label for="pin">${CALLBACK.pin(broker)}</label>
<div><input id="pin" name="pin" type="text" inputmode="text" autocapitalize="characters" autocomplete="off" autocorrect="off" spellcheck="false" required value="${verifier}"></div>
<div class="actions"><button class="button" data-busy="${CALLBACK.finishBusy}">${CALLBACK.finish}</button></div></form></section>`;
}

function copy({ broker, verifier, sessions }: CallbackData): Html {
  return html`<section class="card"><p>${CALLBACK.text(broker)}</p>
<code class="pin" id="code">${verifier}</code>
<div class="actions"><button class="button" type="button" id="copy" hidden data-done="${CALLBACK.copied}">${CALLBACK.copy}</button>
${sessions.map(
  ({ key, title }) =>
    html`<a class="button second" href="/sign-in/${key}">${CALLBACK.goOn(title)}</a>`,
)}</div></section>`;
}
