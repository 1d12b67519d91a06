/**
 * Keeps the page up to date: every two seconds it loads the page again and replaces the parts that have changed. Opened
 * policies stay open, the focus stays, filters keep hiding, and a button stops it. The control section calls the
 * control API, with the token that the user typed. Without scripts the page is a complete snapshot.
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
function filter(input) {
  const words = input.value.toLowerCase().split(" ").filter(Boolean);
  for (const row of document.getElementById(input.dataset.filters).querySelectorAll("tbody tr")) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
}
const filters = [...document.querySelectorAll("[data-filters]")];
for (const input of filters) {
  input.parentElement.hidden = false;
  input.addEventListener("input", () => filter(input));
}
const shown = new WeakMap([...document.querySelectorAll(".live")].map((part) => [part, part.innerHTML]));
function replace(part, fresh) {
  if (!fresh || shown.get(part) === fresh.innerHTML) return;
  shown.set(part, fresh.innerHTML);
  const open = [...part.querySelectorAll("details[open]")].map((one) => one.id);
  const before = part.querySelector(".scroll");
  const [left, top] = [before?.scrollLeft ?? 0, before?.scrollTop ?? 0];
  const focused = part.contains(document.activeElement) ? document.activeElement.closest("[id]")?.id : undefined;
  part.replaceChildren(...fresh.childNodes);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const scroll = part.querySelector(".scroll");
  if (scroll) scroll.scrollTo(left, top);
  if (focused) (document.getElementById(focused)?.querySelector("summary, .scroll") ?? scroll)?.focus({ preventScroll: true });
  filters.filter((input) => input.dataset.filters === part.id).forEach(filter);
}
async function update() {
  const answer = await fetch("/", { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll(".live")) replace(part, fresh.getElementById(part.id));
  said.textContent = fresh.getElementById("said").textContent;
}
setInterval(() => {
  if (!live || document.hidden) return;
  update().catch(() => { said.textContent = "The sandbox does not answer; this page shows its last state."; });
}, 2000);
const control = document.getElementById("control");
const done = document.getElementById("control-said");
control.hidden = false;
control.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
async function ask(method, path, body, what) {
  const headers = { authorization: "Bearer " + document.getElementById("control-token").value };
  const answer = await fetch("/_podtrust/" + path, { method, headers, ...(body ? { body } : {}) });
  const { error } = await answer.json();
  done.textContent = error ? error.message + ". " + error.next : "Done: " + what + ".";
  await update();
}
const failed = () => { done.textContent = "The sandbox does not answer."; };
for (const one of control.querySelectorAll("button")) {
  const { method, path, body } = one.dataset;
  one.addEventListener("click", () => { ask(method, path, body, one.textContent.trim()).catch(failed); });
}
const fault = document.getElementById("issuer-fault");
fault.addEventListener("change", () => {
  const body = JSON.stringify({ fault: fault.value || null });
  ask("PUT", "issuer/fault", body, "the issuer " + fault.selectedOptions[0].textContent).catch(failed);
});
`;
