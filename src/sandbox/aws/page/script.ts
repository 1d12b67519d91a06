/**
 * Keeps the page up to date: every two seconds it asks for the page again and, where a section has changed,
 * puts the new one in its place. Opened policies stay open, the focus stays where it was, and a button stops
 * it. Without scripts the page shows one moment, which is complete.
 */
export const script = `
"use strict";
const button = document.getElementById("pause");
const said = document.getElementById("said");
let live = true;
button.hidden = false;
button.addEventListener("click", () => {
  live = !live;
  button.textContent = live ? "Pause updates" : "Resume updates";
  button.setAttribute("aria-pressed", String(!live));
});
function replace(section, fresh) {
  if (!fresh || section.innerHTML === fresh.innerHTML) return;
  const open = [...section.querySelectorAll("details[open]")].map((one) => one.id);
  const before = section.querySelector(".scroll");
  const [left, top] = [before?.scrollLeft ?? 0, before?.scrollTop ?? 0];
  const focused = section.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : undefined;
  section.replaceChildren(...fresh.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const scroll = section.querySelector(".scroll");
  if (scroll) scroll.scrollTo(left, top);
  if (focused) (document.getElementById(focused)?.querySelector("summary, .scroll") ?? scroll)?.focus({ preventScroll: true });
}
async function update() {
  const answer = await fetch("/", { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const section of document.querySelectorAll("main > section")) replace(section, fresh.getElementById(section.id));
  said.textContent = fresh.getElementById("said").textContent;
}
setInterval(() => {
  if (!live || document.hidden) return;
  update().catch(() => { said.textContent = "The sandbox does not answer; what stands here is the last that it said."; });
}, 2000);
`;
