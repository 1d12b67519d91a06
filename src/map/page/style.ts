import { colours } from "../../core/html/index.ts";

/** The page's style sheet: system fonts, both colour schemes, nothing from elsewhere. */
export const style = `${colours}html { scroll-padding-top: 6rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; z-index: 2; }
header, main, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; overflow-wrap: anywhere; }
h4 { font-size: .9rem; margin: .6rem 0 .1rem; color: var(--soft); font-weight: 600; }
p { margin: 0 0 .5rem; }
.lead, .quiet { color: var(--soft); }
.lead { max-width: 60rem; }
.quiet { font-size: .9em; }
.notice { background: var(--amber-ground); color: var(--amber); border-radius: .5rem; padding: .6rem 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: 0; font-size: .93em; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .3rem 2rem; margin: .75rem 0; }
.facts div { display: flex; gap: .5rem; }
.facts dd { font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 1rem; }
a { color: var(--accent); }
section, .filter { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; margin: 0 0 1.25rem; padding: 1rem 1.25rem; }
.filter { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; align-items: end; gap: .5rem 1rem; padding: .6rem 1.25rem; }
.filter label { display: grid; color: var(--soft); font-size: .85rem; flex: 1 1 10rem; min-width: 0; }
.filter output { flex: 1 1 12rem; color: var(--soft); }
input, select, button { font: inherit; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: .4rem; padding: .2rem .5rem; max-width: 100%; min-width: 0; }
button { color: var(--accent); cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font: .9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.option { white-space: nowrap; }
ul { margin: 0; padding: 0 0 0 1.1rem; }
li { margin: 0 0 .3rem; overflow-wrap: anywhere; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: .75rem; padding: 0; list-style: none; }
.card, .role, .sa { border-top: 1px solid var(--line); padding: .6rem 0; min-width: 0; }
.role { content-visibility: auto; contain-intrinsic-size: auto 10rem; }
.sa { content-visibility: auto; contain-intrinsic-size: auto 2.4rem; list-style: none; margin: 0; }
.plain { list-style: none; padding: 0; }
.badge { display: inline-block; border-radius: 1rem; padding: 0 .6rem; font-size: .82rem; font-weight: 600; background: var(--ground); color: var(--soft); border: 1px solid var(--line); }
.good { background: var(--green-ground); color: var(--green); border-color: transparent; }
.bad { background: var(--red-ground); color: var(--red); border-color: transparent; }
.open { background: var(--amber-ground); color: var(--amber); border-color: transparent; }
.next::before { content: "\\2192  "; color: var(--accent); }
[hidden] { display: none !important; }
.picture svg { display: block; width: 100%; height: auto; }
.picture text { fill: var(--ink); font: 13px system-ui, sans-serif; }
.picture .title { fill: var(--soft); font-weight: 600; font-size: 12px; }
.picture .sub { fill: var(--soft); font-size: 11px; }
.picture rect { fill: var(--ground); stroke: var(--line); stroke-width: 1; }
.picture a:focus-visible { outline: none; }
.picture a:focus-visible rect { stroke: var(--accent); stroke-width: 3; }
.picture .k-good rect { stroke: var(--green); }
.picture .k-bad rect { stroke: var(--red); stroke-dasharray: 2 2; }
.picture .k-open rect { stroke: var(--amber); stroke-dasharray: 6 3; }
.picture path { fill: none; stroke: var(--soft); stroke-width: 1.2; opacity: .75; }
.picture .accepted { stroke: var(--green); stroke-width: 2.6; opacity: 1; }
.picture .refused { stroke: var(--red); stroke-width: 2.4; stroke-dasharray: 2 4; opacity: 1; }
.picture .undecided { stroke: var(--amber); stroke-width: 1.8; stroke-dasharray: 7 4; opacity: 1; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .5rem 0 0; color: var(--soft); font-size: .85rem; }
.legend svg { display: inline-block; width: 2.2rem; height: .7rem; vertical-align: middle; }
footer { padding-bottom: 2.5rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) {
  header, main, footer { padding-inline: .6rem; }
  section { padding: .75rem; }
  .filter { position: static; padding: .6rem .75rem; }
  html { scroll-padding-top: 0; }
}
@media print { .filter, nav, .skip { display: none; } .role, .sa { content-visibility: visible; } }
`;
