import { colours } from "../../../core/html/index.ts";

/** The page's style sheet: system fonts, both colour schemes, nothing loaded from elsewhere. */
export const style = `${colours}body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; }
header, main, footer { max-width: 82rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.6rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 0; padding: 1rem 1.25rem .75rem; }
.lead { margin: .25rem 0 1rem; color: var(--soft); max-width: 60rem; }
.notice { background: var(--amber-ground); color: var(--amber); border-radius: .5rem; padding: .6rem 1rem; margin: 1rem 0; font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 0 1.25rem; }
.facts div { display: flex; gap: .5rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; font-weight: 600; }
nav { margin: 0 0 1rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: var(--accent); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; margin: 0 0 1.5rem; overflow: hidden; }
.count { color: var(--soft); font-weight: 400; font-size: .9rem; margin-left: .35rem; }
.scroll { overflow-x: auto; }
#decisions .scroll { max-height: 36rem; overflow-y: auto; }
.scroll:focus-visible, summary:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .65rem 1.25rem; border-top: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; padding-block: .4rem; }
tbody th { font-weight: 400; }
td p, th p { margin: 0 0 .2rem; }
code, pre { font: .87em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { background: var(--ground); border-radius: .4rem; padding: .6rem .8rem; margin: .4rem 0 0; white-space: pre-wrap; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
.quiet { color: var(--soft); font-size: .9em; }
.plain { list-style: none; margin: 0; padding: 0; }
.plain .plain { padding-left: .9rem; border-left: 2px solid var(--line); margin: .15rem 0 .3rem; }
.empty { margin: 0; padding: 0 1.25rem 1.25rem; color: var(--soft); }
.badge { display: inline-block; border-radius: 1rem; padding: .05rem .65rem; font-size: .82rem; font-weight: 600; white-space: nowrap; }
.allow { background: var(--green-ground); color: var(--green); }
.deny { background: var(--red-ground); color: var(--red); }
.invalid, .wait { background: var(--amber-ground); color: var(--amber); }
.wait { white-space: normal; }
.decisions td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
.decisions td:nth-child(3) { min-width: 24rem; }
.decisions td:last-child { min-width: 22rem; }
.answer { color: var(--soft); }
.why { max-width: 50rem; }
.next::before { content: "→ "; color: var(--accent); }
.filter { float: right; padding: 1rem 1.25rem 0; color: var(--soft); font-size: .9rem; }
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; margin: 0; padding: 0 1.25rem 1rem; }
input, select { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; padding: .15rem .5rem; max-width: 100%; }
[hidden] { display: none !important; }
button { font: inherit; color: var(--accent); background: none; border: 1px solid var(--line); border-radius: .4rem; padding: .15rem .7rem; cursor: pointer; }
footer { padding-bottom: 2.5rem; color: var(--soft); font-size: .9rem; }
#providers td, #providers th, #roles td, #roles tbody th { min-width: 12rem; }
#roles td:last-child, #roles th:last-child { min-width: 0; }
@media (max-width: 62rem) {
  .decisions, .decisions tbody { display: block; }
  .decisions thead { position: absolute; left: -100vw; }
  .decisions tr { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; padding: .7rem 1.25rem; border-top: 1px solid var(--line); }
  .decisions td { border: 0; padding: 0; }
  .decisions td:nth-child(n) { min-width: 0; }
  .decisions td:nth-child(n+3) { grid-column: 1 / -1; }
}
@media (max-width: 40rem) { header, main, footer { padding-inline: .75rem; } th, td { padding-inline: .75rem; } }
`;
