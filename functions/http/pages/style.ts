/**
 * The style sheet of our pages and the short one of those for strangers, each with the hash that lets the
 * browser use it under our CSP.
 *
 * Light and dark, phone first, no images, no fonts from elsewhere; every text and every control edge
 * keeps WCAG AA contrast. Served inline by `layout.ts`.
 */

import { createHash } from 'node:crypto';

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f8; --card: #fff; --line: #d9dee6; --edge: #7a8494;
  --text: #12161c; --soft: #525c6b; --accent: #1b57d0; --on-accent: #fff; --accent-press: #1546ab;
  --good: #0a6638; --good-bg: #e2f4e9; --warn: #864600; --warn-bg: #fdf0da;
  --bad: #a31b16; --bad-bg: #fdeae8; --none: #48515f; --none-bg: #e8ebf0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1116; --card: #171b22; --line: #2a313c; --edge: #717d8f;
    --text: #edf0f4; --soft: #a5afbd; --accent: #86b1ff; --on-accent: #0a1a36; --accent-press: #a9c8ff;
    --good: #82dda9; --good-bg: #12301f; --warn: #ffc47d; --warn-bg: #38270e;
    --bad: #ffa29b; --bad-bg: #3d1a18; --none: #b9c2cf; --none-bg: #262c36;
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
.frame { max-width: 40rem; margin: 0 auto; padding: 12px 16px 40px; }
header { display: flex; align-items: center; justify-content: space-between; min-height: 48px; gap: 12px; }
.brand, .back {
  display: inline-flex; align-items: center; min-height: 48px; color: var(--soft); font-size: 15px;
  text-decoration: none;
}
.brand { gap: 9px; font-weight: 600; }
.brand::before {
  content: ""; width: 18px; height: 18px; border-radius: 50%; border: 4px solid var(--accent);
  border-right-color: transparent; transform: rotate(-45deg);
}
.back { color: var(--accent); font-weight: 600; }
h1 { font-size: 27px; line-height: 1.2; letter-spacing: -.015em; margin: 6px 0 14px; }
h2 { font-size: 19px; line-height: 1.3; letter-spacing: -.005em; margin: 0; }
h1, h2, .button { text-wrap: balance; }
p { margin: 0 0 10px; }
p:last-child { margin-bottom: 0; }
a { color: var(--accent); }
.soft { color: var(--soft); }
.small { font-size: 15px; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 18px; padding: 18px; margin: 0 0 14px;
}
.card-head { display: flex; align-items: center; justify-content: space-between; gap: 12px; margin: 0 0 12px; }
.chip {
  display: inline-flex; align-items: center; gap: 7px; flex: none; padding: 3px 11px 3px 9px; border-radius: 99px;
  font-size: 14px; font-weight: 650; white-space: nowrap; background: var(--none-bg); color: var(--none);
}
.chip::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: currentColor; }
.good .chip, .chip.good { background: var(--good-bg); color: var(--good); }
.warn .chip, .chip.warn { background: var(--warn-bg); color: var(--warn); }
.bad .chip, .chip.bad { background: var(--bad-bg); color: var(--bad); }
.note { border-radius: 18px; padding: 16px 18px; margin: 0 0 14px; background: var(--none-bg); }
.note h2 { margin: 0 0 4px; }
.note.good { background: var(--good-bg); } .note.good h2 { color: var(--good); }
.note.warn { background: var(--warn-bg); } .note.warn h2 { color: var(--warn); }
.note.bad { background: var(--bad-bg); } .note.bad h2 { color: var(--bad); }
.left { display: block; white-space: nowrap; font-size: 34px; line-height: 1.15; font-weight: 680; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.good .left { color: var(--good); } .warn .left { color: var(--warn); } .bad .left { color: var(--bad); }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 16px; margin: 16px 0 0; padding: 14px 0 0; border-top: 1px solid var(--line); }
.facts.first { margin: 0; padding: 0; border: 0; }
.facts div { min-width: 0; }
.facts .wide { grid-column: 1 / -1; }
dt { color: var(--soft); font-size: 14px; line-height: 1.35; }
dd { margin: 0; font-variant-numeric: tabular-nums; line-height: 1.4; }
dd span.small { white-space: nowrap; }
dd p { margin: 0; }
.clocks li { display: grid; grid-template-columns: 1fr auto; gap: 0 12px; padding: 6px 0; }
.clocks li + li { border-top: 1px solid var(--line); }
.clocks .small { grid-column: 1 / -1; }
ul.plain { list-style: none; margin: 0; padding: 0; }
form { margin: 0; }
.button {
  display: flex; align-items: center; justify-content: center; width: 100%; min-height: 56px; padding: 12px 20px;
  border: 2px solid var(--accent); border-radius: 14px; background: var(--accent); color: var(--on-accent);
  font: inherit; font-size: 18px; font-weight: 650; line-height: 1.25; text-align: center; text-decoration: none;
  cursor: pointer; -webkit-tap-highlight-color: transparent; touch-action: manipulation;
}
.button:hover, .button:active { background: var(--accent-press); border-color: var(--accent-press); }
.button.second { background: transparent; color: var(--accent); border-color: var(--edge); min-height: 50px; font-size: 17px; }
.button.second:hover, .button.second:active { background: var(--none-bg); }
.button.danger { color: var(--bad); }
.button[disabled] { opacity: .65; cursor: default; }
.actions { display: grid; gap: 10px; margin: 16px 0 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
label { display: block; font-weight: 650; margin: 0 0 6px; }
input {
  width: 100%; min-height: 60px; padding: 10px 16px; border: 2px solid var(--edge); border-radius: 14px;
  background: var(--card); color: var(--text); font: 600 26px/1.2 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
  letter-spacing: .12em;
}
input::placeholder { color: var(--soft); opacity: 1; font-weight: 400; letter-spacing: 0; font-family: system-ui, sans-serif; font-size: 18px; }
input:focus { outline: 3px solid var(--accent); outline-offset: 1px; border-color: var(--accent); }
.steps { list-style: none; margin: 0; padding: 0; counter-reset: step; }
.steps > li { counter-increment: step; }
.step-head { display: flex; align-items: center; gap: 12px; margin: 0 0 10px; }
.step-head::before {
  content: counter(step); flex: none; width: 30px; height: 30px; border-radius: 50%; background: var(--accent);
  color: var(--on-accent); font-weight: 700; font-size: 16px; line-height: 30px; text-align: center;
}
.step-head .if-open { margin-left: auto; text-align: right; white-space: nowrap; }
.step-head h2 .if-open { margin: 0; text-align: left; white-space: normal; }
.step-head .left { display: inline; font-size: 26px; }
[data-step] .if-open, [data-step] .if-over { display: none; }
[data-step="open"] .if-open, [data-step="over"] .if-over { display: block; }
[data-step="open"] .if-start, [data-step="over"] .if-start { display: none; }
[data-step="open"] .log-in .button { background: transparent; color: var(--accent); border-color: var(--edge); min-height: 50px; font-size: 17px; }
[data-step="open"] .log-in .step-head::before { content: "\\2713"; background: var(--good-bg); color: var(--good); }
[data-step="start"] .paste .button, [data-step="over"] .paste .button { background: transparent; color: var(--accent); border-color: var(--edge); }
[data-step="start"] .paste .step-head::before, [data-step="over"] .paste .step-head::before { background: var(--none-bg); color: var(--none); }
[data-step="open"] .paste { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.with-paste { display: grid; grid-template-columns: 1fr auto; gap: 8px; }
.with-paste .button { width: auto; min-height: 60px; }
.pin { display: block; margin: 8px 0 0; padding: 16px; border-radius: 14px; background: var(--none-bg); text-align: center; font: 650 32px/1.3 ui-monospace, "SF Mono", Menlo, Consolas, monospace; letter-spacing: .1em; user-select: all; -webkit-user-select: all; }
.mark { display: flex; align-items: center; justify-content: center; width: 72px; height: 72px; margin: 20px auto 16px; border-radius: 50%; background: var(--none-bg); color: var(--none); font-size: 36px; font-weight: 700; }
.mark.good { background: var(--good-bg); color: var(--good); }
.mark.bad { background: var(--bad-bg); color: var(--bad); }
.center { text-align: center; text-wrap: balance; }
.lead { margin: 0 0 20px; }
.after { margin: 16px 0 0; }
details { margin: 14px 0 -10px; padding: 4px 0 0; border-top: 1px solid var(--line); }
details[open] { padding-bottom: 10px; }
summary { display: flex; align-items: center; min-height: 48px; color: var(--soft); font-size: 15px; cursor: pointer; }
summary::after { content: "\\203A"; margin-left: 8px; transition: transform .15s; }
details[open] summary::after { transform: rotate(90deg); }
footer { color: var(--soft); font-size: 14px; margin: 26px 0 0; padding: 0 2px; }
.quiet { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (min-width: 48rem) {
  .frame { padding-top: 28px; }
  h1 { font-size: 32px; }
  .card, .note { padding: 22px 24px; }
}
@media (min-width: 60rem) {
  .frame.broad { max-width: 62rem; }
  .cards { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; align-items: start; margin: 0 0 14px; }
  .cards > .card { margin: 0; height: 100%; }
  .cards > .card:only-child { grid-column: 1 / -1; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; scroll-behavior: auto !important; } }
@media (forced-colors: active) { .chip, .note, .step-head::before { border: 1px solid; } }
`;

/** One sentence and one thing to do: the visitor pays nothing for a page, and we pay for each of its bytes. */
export const PLAIN_STYLE = `
:root { color-scheme: light dark; --ground: #f3f5f8; --text: #12161c; --soft: #525c6b; --accent: #1b57d0; --on: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0e1116; --text: #edf0f4; --soft: #a5afbd; --accent: #86b1ff; --on: #0a1a36; }
}
body { margin: 0 auto; max-width: 38rem; padding: 12vh 16px 40px; background: var(--ground); color: var(--text); font: 17px/1.5 system-ui, sans-serif; text-align: center; overflow-wrap: break-word; }
h1 { font-size: 27px; line-height: 1.2; margin: 0 0 12px; }
p { margin: 0 0 24px; color: var(--soft); }
code { color: var(--text); font: 650 27px/1.4 ui-monospace, monospace; user-select: all; }
.button { display: block; box-sizing: border-box; width: 100%; min-height: 56px; padding: 14px 20px; border: 0; border-radius: 14px; background: var(--accent); color: var(--on); font: 650 18px/1.5 system-ui, sans-serif; text-decoration: none; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`;

/** `sha256-…` of the style sheets, for `style-src`. */
export const STYLE_HASH = hashOf(STYLE);
export const PLAIN_STYLE_HASH = hashOf(PLAIN_STYLE);

function hashOf(style: string): string {
  return `sha256-${createHash('sha256').update(style).digest('base64')}`;
}
