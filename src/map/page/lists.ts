import { type Html, html } from "../../core/html/index.ts";
import type { MapAccess, MapNode } from "../judge/index.ts";
import { bindingsPart } from "./bindings.ts";
import { breakagePart, detailsPart, findingPart, lookOf, nodeLink, partiesOf, provedText } from "./parts.ts";
import type { MapView } from "./view.ts";

/** Names as an attribute that the filter searches. */
const words = (names: readonly (string | undefined)[]): string =>
  [...new Set(names.filter((name) => name !== undefined))].join(" ");

const namespacesOf = (view: MapView, ways: readonly MapAccess[]): string =>
  words(ways.map(({ serviceAccount }) => view.node(serviceAccount)?.namespace));

const keyWords = {
  current: ["Current: signs, published", "good"],
  next: ["Next: published, signs nothing yet", "good"],
  previous: ["Previous: verifies, signs no more", "open"],
  published: ["Published", "good"],
  "not-published": ["Not published", "bad"],
  retained: ["Previous: published, gone from the cluster", "open"],
  distrusted: ["Distrusted", "bad"],
} as const;

/** Cluster, key, issuer or provider: one step of the way from a token to a role. */
function stepCard(view: MapView, node: MapNode): Html {
  const [state, look] = node.state === undefined ? ["", ""] : keyWords[node.state];
  const findings = view.findings(node.id);
  const sub = node.kind === "key" ? state : (node.account ?? "");
  const isFilterable = node.account !== undefined;
  return html`<li
    class="card${isFilterable ? " item" : ""}"
    id="${view.anchor(node.id)}"
    data-band="${node.kind}"
    data-name="${node.name}"
    data-sub="${sub}"
    data-look="${look === "" ? "" : `k-${look}`}"
    data-to="${view
      .next(node.id)
      .map((id) => view.anchor(id))
      .join(" ")}"
    ${isFilterable ? html`data-account="${node.account}"` : undefined}
  >
    <h3><code>${node.name}</code></h3>
    ${node.state === undefined ? undefined : html`<p><span class="badge ${look}">${state}</span></p>`}
    ${
      node.account === undefined
        ? undefined
        : html`<p class="quiet">${node.party === undefined ? "Account " : ""}${node.account}</p>`
    }
    ${findings.map(findingPart)} ${detailsPart(node)} ${breakagePart(view, node.id)}
  </li>`;
}

function wayItem(view: MapView, role: MapNode, way: MapAccess): Html {
  const who = view.node(way.serviceAccount);
  const running =
    who?.exists === false
      ? "the cluster has no such ServiceAccount"
      : who?.pods === undefined
        ? ""
        : `${who.pods} ${who.pods === 1 ? "pod" : "pods"}`;
  const asked = way.askedBy.length === 0 ? "not asked for" : `asked for by ${way.askedBy.join(", ")}`;
  return html`<li
    class="way item"
    data-sa="${who?.name}"
    data-ns="${who?.namespace}"
    data-account="${role.account}"
    data-role="${role.name.toLowerCase()}"
    data-look="${lookOf(way)}"
    data-href="${view.anchor(way.serviceAccount)}"
  >
    <a href="#${view.anchor(way.serviceAccount)}"><code>${who?.name}</code></a> ${provedText(way, role.party)}
    <br /><span class="quiet"
      >${running === "" ? "" : `${running}; `}${asked}; through ${nodeLink(view, way.provider)}</span
    >
  </li>`;
}

/** The roles among nodes, and the others. */
function parted(view: MapView, ids: readonly string[]): readonly [readonly MapNode[], readonly MapNode[]] {
  const nodes = ids.flatMap((id) => view.node(id) ?? []);
  return [nodes.filter(({ kind }) => kind === "role"), nodes.filter(({ kind }) => kind !== "role")];
}

/** The text for a role without policies of its own: outside AWS, policies of resources name it. */
function withoutPolicies({ party }: MapNode): string {
  return party === undefined ? "No policy at all" : "What policies of resources say, which were not read";
}

function roleCard(view: MapView, role: MapNode): Html {
  const ways = view.waysTo(role.id);
  const [onward, policies] = parted(view, view.next(role.id));
  const names = policies.map(({ kind, name }) => (kind === "boundary" ? `within ${name}` : name));
  const [through, trusted] = parted(view, view.before(role.id));
  const links = (nodes: readonly MapNode[]): readonly Html[] =>
    nodes.map(({ id }) => html`${nodeLink(view, id)} `);
  const inside =
    ways.length === 0
      ? html`<p>
          No ServiceAccount of this stack by a token of its own.
          ${trusted.length === 0 ? undefined : html`It trusts ${links(trusted)}`}
        </p>`
      : html`<ul class="plain">
          ${ways.map((way) => wayItem(view, role, way))}
        </ul>`;
  return html`<article
    class="role item"
    id="${view.anchor(role.id)}"
    data-ns="${namespacesOf(view, ways)}"
    data-account="${role.account}"
    data-role="${role.name.toLowerCase()}"
    data-name="${role.name}"
    data-sub="${role.account}"
    data-policies="${names.join("\n")}"
  >
    <h3>
      ${role.name}
      <span class="quiet">${role.party === undefined ? "in account" : "at"} ${role.account}</span>
    </h3>
    ${view.findings(role.id).map(findingPart)}
    <h4>Who can become it</h4>
    ${inside}
    ${through.length === 0 ? undefined : html`<p>By sts:AssumeRole sessions of ${links(through)}</p>`}
    <h4>What it may do</h4>
    <p>${names.length === 0 ? withoutPolicies(role) : names.join(", ")}</p>
    ${onward.length === 0 ? undefined : html`<p>Become, by sts:AssumeRole, ${links(onward)}</p>`}
    <details>
      <summary>More, and what breaks when it goes</summary>
      <p>${view.breaks(role.id).text}.</p>
      ${detailsPart(role)}
    </details>
  </article>`;
}

function serviceAccountItem(view: MapView, who: MapNode): Html {
  const ways = view.waysOf(who.id);
  const roles = [...new Set(ways.map(({ role }) => role))].flatMap((id) => view.node(id) ?? []);
  const [account, ...others] = new Set(roles.map((role) => role.account));
  const absent = who.exists === false ? html`<span class="badge open">Not there</span> ` : undefined;
  return html`<li
    class="sa item"
    id="${view.anchor(who.id)}"
    data-ns="${who.namespace}"
    data-role="${roles.map(({ name }) => name.toLowerCase()).join(" ")}"
    ${others.length === 0 ? html`data-account="${account}"` : undefined}
  >
    <code>${who.name}</code> ${absent}can become ${roles.map((role) => html`${nodeLink(view, role.id)} `)}
  </li>`;
}

function policyCard(view: MapView, policy: MapNode): Html {
  const roles = view.before(policy.id).flatMap((id) => view.node(id) ?? []);
  const more = roles.length - 20;
  return html`<li
    class="card item"
    id="${view.anchor(policy.id)}"
    data-role="${roles.map(({ name }) => name.toLowerCase()).join(" ")}"
  >
    <h3>
      ${policy.name} ${policy.kind === "boundary" ? html`<span class="badge">Boundary</span>` : undefined}
    </h3>
    <p>
      On ${roles.length} ${roles.length === 1 ? "role" : "roles"}:
      ${roles.slice(0, 20).map(({ id }) => html`${nodeLink(view, id)} `)}
      ${more > 0 ? html`and ${more} more` : undefined}
    </p>
    ${detailsPart(policy)}
    <p class="quiet">When it goes: ${view.breaks(policy.id).text}.</p>
  </li>`;
}

interface List {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly count: number;
  readonly body: Html;
}

function listSection({ id, title, lead, count, body }: List): Html {
  return html`<section aria-labelledby="${id}-title" id="${id}">
    <h2 id="${id}-title">${title} <span class="quiet">${count}</span></h2>
    <p class="quiet">${lead}</p>
    <div class="live" id="${id}-live">${body}</div>
  </section>`;
}

const empty = html`<p>Nothing was seen.</p>`;

/** Every node, by kind, with its details. */
export function nodeLists(view: MapView): readonly Html[] {
  const steps = view.ofKind("cluster", "key", "issuer");
  const [providers, roles] = [view.ofKind("provider"), view.ofKind("role")];
  const [accounts, policies] = [view.ofKind("service-account"), view.ofKind("policy", "boundary")];
  const cards = (nodes: readonly MapNode[]): Html =>
    nodes.length === 0
      ? empty
      : html`<ul class="cards">
          ${nodes.map((node) => stepCard(view, node))}
        </ul>`;
  return [
    listSection({
      id: "roles",
      title: "Roles",
      lead: "Which ServiceAccounts can become each role, how that is known, and what the role may do.",
      count: roles.length,
      body: roles.length === 0 ? empty : html`${roles.map((role) => roleCard(view, role))}`,
    }),
    listSection({
      id: "service-accounts",
      title: "ServiceAccounts",
      lead: "Anyone who may run a pod as one of these can become its roles.",
      count: accounts.length,
      body:
        accounts.length === 0
          ? empty
          : html`<ul class="plain">
              ${accounts.map((one) => serviceAccountItem(view, one))}
            </ul>`,
    }),
    listSection({
      id: "bindings",
      title: "Bindings",
      lead: "What namespaces asked for by objects of the cluster, and the last status that its operator wrote.",
      count: view.map.bindings.length,
      body: bindingsPart(view.map),
    }),
    listSection({
      id: "steps",
      title: "Clusters, keys and issuers",
      lead: "The cluster signs with a key, and the issuer publishes it.",
      count: steps.length,
      body: cards(steps),
    }),
    listSection({
      id: "providers",
      title: "OIDC providers",
      lead:
        partiesOf(view.map).length === 0
          ? "What IAM knows of issuers."
          : "What relying parties know of issuers.",
      count: providers.length,
      body: cards(providers),
    }),
    listSection({
      id: "policies",
      title: "Policies and boundaries",
      lead: "What roles may do, and what limits them.",
      count: policies.length,
      body:
        policies.length === 0
          ? empty
          : html`<ul class="cards">
              ${policies.map((policy) => policyCard(view, policy))}
            </ul>`,
    }),
  ];
}
