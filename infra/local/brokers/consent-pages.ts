/**
 * Pages that a person sees at a simulated broker which sends the browser back: login with consent, a note, the
 * prompts of a phone app.
 *
 * Functions from data to HTML, in the shell of `pages.ts`; they decide nothing and know no broker. Called by
 * the simulators of brokers that redirect.
 */

import type { Answer } from './http-answer.ts';
import { escapeMarkup, page, shortKey } from './pages.ts';

export type ConsentFacts = {
  readonly brand: string;
  /** Names the login in the form's post. */
  readonly login: string;
  readonly app: string;
  /** "until 03:30, India time" */
  readonly until: string;
  readonly userId: string;
  /** The words for the two secrets: "PIN" and "one-time code". */
  readonly asks: readonly string[];
  readonly error: string | null;
  readonly formTargets: readonly string[];
};

/** Login and consent in one; `login` comes back with the form, `decision` is `Accept` or `Decline`. */
export function consentPage(facts: ConsentFacts): Answer {
  const fields = facts.asks.map((name, index) => {
    const id = `secret${index}`;
    return `<label for="${id}">${escapeMarkup(name)}</label>
<input id="${id}" name="${id}" type="password" value="simulated">`;
  });
  return page({
    brand: facts.brand,
    title: 'Log in',
    formTargets: facts.formTargets,
    main: `<h1>Log in to authorize</h1>
${facts.error === null ? '' : `<p class="alarm" role="alert">${escapeMarkup(facts.error)}</p>`}
<form method="post" autocomplete="off">
<input type="hidden" name="login" value="${escapeMarkup(facts.login)}">
<label for="userId">User ID</label>
<input id="userId" name="userId" value="${escapeMarkup(facts.userId)}" autocapitalize="none" autocorrect="off" spellcheck="false">
${fields.join('\n')}
<section class="consent">
<h2>An application asks for access</h2>
<p>It will be able to see your account and to place orders ${escapeMarkup(facts.until)}.</p>
<dl><dt>Application</dt><dd>${escapeMarkup(shortKey(facts.app))}</dd></dl>
</section>
<button class="main" name="decision" value="Accept">Accept</button>
<button name="decision" value="Decline">Decline</button>
</form>`,
  });
}

/** Something to read and nothing to do. */
export function notePage(facts: {
  readonly brand: string;
  readonly title: string;
  readonly text: string;
  readonly status?: number;
}): Answer {
  const { title, text, status = 200, brand } = facts;
  return page({
    brand,
    title,
    status,
    main: `<h1>${escapeMarkup(title)}</h1>
<p${status >= 400 ? ' role="alert"' : ''}>${escapeMarkup(text)}</p>`,
  });
}

export type Prompt = { readonly id: string; readonly app: string; readonly until: string };

/** The broker's app on the person's phone: one card a prompt, `decision` is `Approve` or `Reject`. */
export function phonePage(brand: string, prompts: readonly Prompt[], news: string | null): Answer {
  const cards = prompts.map(
    ({ id, app, until }) => `<form method="post">
<section class="consent">
<h2>Token request</h2>
<p>An application asks for today's access.</p>
<dl><dt>Application</dt><dd>${escapeMarkup(shortKey(app))}</dd><dt>Open until</dt><dd>${escapeMarkup(until)}</dd></dl>
<input type="hidden" name="request" value="${escapeMarkup(id)}">
<button class="main" name="decision" value="Approve">Approve</button>
<button name="decision" value="Reject">Reject</button>
</section>
</form>`,
  );
  return page({
    brand,
    title: 'Your phone',
    main: `<h1>Your phone</h1>
${news === null ? '' : `<p role="status">${escapeMarkup(news)}</p>`}
${cards.length === 0 ? '<p>Nothing asks for you.</p>' : cards.join('\n')}`,
  });
}
