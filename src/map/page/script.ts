/**
 * Filters the lists and draws the picture from what they show, so that both always say the same. Names are put in as text.
 * Of a long list fifty entries are shown, and a button shows more: what is hidden costs no frame. A filter shows and hides a few
 * in each frame, and fewer once a frame comes late: what it does between two frames is bounded on a slow machine too. `live` brings the page of a
 * running `podtrust map --watch` up to date.
 */
export const script = `
"use strict";
const svgns = "http://www.w3.org/2000/svg";
const main = document.querySelector("main");
const [byNamespace, byAccount, byRole, shown] = ["f-namespace", "f-account", "f-role", "f-shown"].map((id) => document.getElementById(id));
const picture = document.getElementById("picture-drawn");
const maxRows = 40;
let drawnAt = 0;
const pageSize = 50;
let items = [];
let lists = [];
function collect() {
  const groups = new Map();
  items = [...document.querySelectorAll(".item")].map((el) => {
    const { ns, account, role } = el.dataset;
    const item = { el, ns: ns === undefined ? undefined : new Set(ns.split(" ")), account, role, off: el.hidden, fit: true, way: el.classList.contains("way") ? wayOf(el) : undefined };
    if (!groups.has(el.parentElement)) groups.set(el.parentElement, []);
    groups.get(el.parentElement).push(item);
    return item;
  });
  for (const old of document.querySelectorAll(".more")) old.remove();
  lists = [...groups].map(([parent, members]) => ({ members, most: pageSize, more: members.length > pageSize ? moreButton(parent) : undefined }));
  for (const list of lists) list.more?.addEventListener("click", () => { list.most += pageSize; filter(); });
}
function moreButton(parent) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "more";
  parent.after(button);
  return button;
}
function fits({ ns, account, role }, wanted) {
  if (wanted.ns !== "" && ns !== undefined && !ns.has(wanted.ns)) return false;
  if (wanted.account !== "" && account !== undefined && account !== wanted.account) return false;
  return role === undefined || wanted.words.every((word) => role.includes(word));
}
function changesOf(list, wanted) {
  let count = 0;
  const changes = [];
  for (const item of list.members) {
    item.fit = fits(item, wanted);
    if (item.fit) count += 1;
    const off = !item.fit || count > list.most;
    if (off !== item.off) changes.push([item, off]);
  }
  if (list.more) {
    list.more.hidden = count <= list.most;
    list.more.textContent = "Show " + Math.min(pageSize, count - list.most) + " more of " + count;
  }
  return changes;
}
let pass = 0;
function filter(atOnce) {
  const mine = (pass += 1);
  const wanted = { ns: byNamespace.value, account: byAccount.value, words: byRole.value.toLowerCase().split(" ").filter(Boolean) };
  const changes = lists.flatMap((list) => changesOf(list, wanted));
  const put = (most) => { for (const [item, off] of changes.splice(0, most)) item.el.hidden = item.off = off; };
  const end = () => requestAnimationFrame(() => { if (mine === pass) draw(); });
  let [most, last] = [12, 0];
  const step = (now) => {
    if (mine !== pass) return;
    if (last > 0) most = now - last > 30 ? Math.max(3, most >> 1) : Math.min(16, most + 1);
    last = now;
    put(most);
    if (changes.length > 0) requestAnimationFrame(step);
    else end();
  };
  if (atOnce !== true) return void requestAnimationFrame(step);
  put(Infinity);
  end();
}
function reveal() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target?.hidden) return;
  const item = items.find(({ el }) => el === target);
  if (item) item.off = false;
  target.hidden = false;
  target.scrollIntoView();
}
const cut = (text, chars) => (text.length > chars ? text.slice(0, Math.max(1, chars - 1)) + "\\u2026" : text);
function make(name, attributes, ...inside) {
  const element = document.createElementNS(svgns, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}
function columns(all, top, width) {
  const gap = Math.max(36, width * 0.06);
  const wide = (width - gap * (all.length - 1)) / all.length;
  const places = new Map();
  const parts = [];
  let bottom = top;
  for (const [index, { title, boxes }] of all.entries()) {
    const x = index * (wide + gap);
    const head = make("text", { x, y: top + 12, class: "title" });
    head.textContent = title;
    parts.push(head);
    let y = top + 22;
    for (const box of boxes) {
      const high = box.sub ? 40 : 28;
      places.set(box.key, { x, y, wide, middle: y + high / 2, column: index });
      const name = make("text", { x: x + 9, y: y + 18 });
      name.textContent = cut(box.name, Math.floor((wide - 16) / 7));
      const full = make("title", {});
      full.textContent = box.name;
      const link = make("a", { class: box.look ?? "", href: box.href ?? "#roles" }, full, make("rect", { x: x + 0.5, y: y + 0.5, width: wide - 1, height: high - 1, rx: 6 }), name);
      if (box.sub) {
        const sub = make("text", { x: x + 9, y: y + 33, class: "sub" });
        sub.textContent = cut(box.sub, Math.floor((wide - 16) / 5.8));
        link.append(sub);
      }
      if (box.pick) link.addEventListener("click", (event) => { event.preventDefault(); box.pick(); });
      parts.push(link);
      y += high + 8;
    }
    bottom = Math.max(bottom, y);
  }
  return { parts, places, bottom };
}
function edges(links, places) {
  return links.flatMap(({ from, to, look }) => {
    const [a, b] = [places.get(from), places.get(to)];
    if (!a || !b || Math.abs(a.column - b.column) !== 1) return [];
    const [left, right] = a.column < b.column ? [a, b] : [b, a];
    const [x1, x2] = [left.x + left.wide, right.x];
    const bend = (x2 - x1) / 2;
    return make("path", { d: "M" + x1 + " " + left.middle + "C" + (x1 + bend) + " " + left.middle + " " + (x2 - bend) + " " + right.middle + " " + x2 + " " + right.middle, class: look ?? "" });
  });
}
function some(boxes, most, what, where = "roles") {
  if (boxes.length <= most) return boxes;
  return [...boxes.slice(0, most - 1), { key: "more " + what, name: (boxes.length - most + 1) + " more: " + what, href: "#" + where }];
}
function chain(narrow) {
  const all = [...document.querySelectorAll("[data-band]")].filter((el) => !el.hidden);
  const of = (band, title) => ({ title, boxes: some(all.filter((el) => el.dataset.band === band).map((el) => ({ key: el.id, name: el.dataset.name, sub: el.dataset.sub, look: el.dataset.look, href: "#" + el.id })), 6, title, band === "provider" ? "providers" : "steps") });
  const four = [of("cluster", "Cluster"), of("key", "Keys"), of("issuer", "Issuer"), of("provider", "OIDC providers")];
  const pair = (a, b) => ({ title: a.title + ", " + b.title, boxes: [...a.boxes, ...b.boxes] });
  const links = all.flatMap((el) => (el.dataset.to ?? "").split(" ").filter(Boolean).map((to) => ({ from: el.id, to })));
  return { all: narrow ? [pair(four[0], four[1]), pair(four[2], four[3])] : four, links };
}
function single(ways, narrow) {
  const [who, roles, policies, links] = [new Map(), new Map(), new Map(), []];
  for (const { sa, role, look } of ways) {
    if (!who.has(sa.key)) who.set(sa.key, sa);
    if (!roles.has(role.key)) {
      roles.set(role.key, role);
      if (!narrow) for (const policy of role.policies) {
        policies.set(policy, { key: "policy " + policy, name: policy, href: "#policies" });
        links.push({ from: role.key, to: "policy " + policy });
      }
    }
    links.push({ from: sa.key, to: role.key, look });
  }
  const all = [{ title: "ServiceAccounts", boxes: [...who.values()] }, { title: "Roles", boxes: [...roles.values()] }];
  if (!narrow) all.push({ title: "Policies and boundaries", boxes: [...policies.values()] });
  return { all, links };
}
const plural = (count, what) => count + " " + what + (count === 1 ? "" : "s");
function grouped(ways) {
  const [spaces, accounts, links] = [new Map(), new Map(), new Map()];
  const worst = ["refused", "undecided", "admitted", "accepted"];
  const into = (groups, name, member) => { if (!groups.has(name)) groups.set(name, new Set()); groups.get(name).add(member); };
  for (const { sa, role, look } of ways) {
    into(spaces, sa.ns, sa.key);
    into(accounts, role.account, role.key);
    const key = sa.ns + " " + role.account;
    const before = links.get(key);
    if (!before || worst.indexOf(look) < worst.indexOf(before.look)) links.set(key, { from: "ns " + sa.ns, to: "account " + role.account, look });
  }
  const pick = (field, value) => () => { field.value = value; field.dispatchEvent(new Event("input")); field.focus(); };
  const left = [...spaces].map(([name, all]) => ({ key: "ns " + name, name, sub: plural(all.size, "ServiceAccount"), pick: pick(byNamespace, name) }));
  const right = [...accounts].map(([name, all]) => ({ key: "account " + name, name, sub: plural(all.size, "role"), pick: pick(byAccount, name) }));
  return { all: [{ title: "Namespaces", boxes: some(left, maxRows, "Namespaces") }, { title: "Accounts", boxes: some(right, maxRows, "Accounts") }], links: [...links.values()] };
}
function wayOf(el) {
  const card = el.closest(".role");
  const { sa, ns, look, href } = el.dataset;
  return {
    look,
    sa: { key: "sa " + sa, name: sa, ns, href: "#" + href },
    role: { key: card.id, name: card.dataset.name, sub: card.dataset.sub, account: card.dataset.account, href: "#" + card.id, policies: (card.dataset.policies ?? "").split("\\n").filter(Boolean) },
  };
}
function draw() {
  if (drawnAt === 0) return;
  const all = items.filter(({ way }) => way);
  const ways = all.filter(({ fit }) => fit).map(({ way }) => way);
  shown.textContent = ways.length + " of " + all.length + " ways shown";
  const width = Math.max(280, drawnAt);
  const narrow = width < 640;
  const first = chain(narrow);
  const above = columns(first.all, 0, width);
  const detailed = ways.length <= maxRows;
  const second = detailed ? single(ways, narrow) : grouped(ways);
  const below = columns(second.all, above.bottom + 18, width);
  const height = Math.ceil(below.bottom);
  const svg = make("svg", { viewBox: "0 0 " + Math.ceil(width) + " " + height, role: "group", "aria-labelledby": "picture-title" });
  svg.append(...edges(first.links, above.places), ...edges(second.links, below.places), ...above.parts, ...below.parts);
  picture.replaceChildren(svg);
  document.getElementById("picture-grouped").hidden = detailed;
}
collect();
filter(true);
for (const field of [byNamespace, byAccount, byRole]) field.addEventListener("input", () => filter());
addEventListener("hashchange", reveal);
addEventListener("click", ({ target }) => { if (target.closest('a[href^="#"]')) requestAnimationFrame(reveal); });
document.getElementById("f-clear").addEventListener("click", () => {
  for (const field of [byNamespace, byAccount, byRole]) field.value = "";
  filter();
});
document.querySelector(".filter").hidden = false;
new ResizeObserver(([{ contentRect: { width } }]) => {
  if (Math.abs(width - drawnAt) < 1) return;
  drawnAt = width;
  requestAnimationFrame(draw);
}).observe(picture);
const seconds = Number(main.dataset.watch);
const said = document.getElementById("said");
let tag = "";
function choices(fresh, field) {
  const value = field.value;
  field.replaceChildren(...fresh.getElementById(field.id).childNodes);
  field.value = value;
  if (field.selectedIndex === -1) field.value = "";
}
async function update() {
  const answer = await fetch(location.href, { cache: "no-store", headers: tag === "" ? {} : { "if-none-match": tag } });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  tag = answer.headers.get("etag") ?? "";
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const open = [...document.querySelectorAll(".live details[open]")].map((one) => one.closest("[id]").id);
  const focused = document.activeElement.closest(".live [id]")?.id;
  for (const part of document.querySelectorAll(".live")) {
    const now = fresh.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
  }
  for (const id of open) document.getElementById(id)?.querySelector("details")?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.querySelector("summary, a")?.focus({ preventScroll: true });
  choices(fresh, byNamespace);
  choices(fresh, byAccount);
  said.textContent = fresh.getElementById("said").textContent;
  collect();
  filter();
}
if (seconds > 0) setInterval(() => {
  if (document.hidden) return;
  update().catch(() => { said.textContent = "podtrust map does not answer; this is its last state."; });
}, seconds * 1000);
`;
