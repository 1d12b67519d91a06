import { type Html, html } from "../../core/html/index.ts";
import type { TrustMap } from "../judge/index.ts";
import { timeText } from "./parts.ts";

type Binding = TrustMap["bindings"][number];

const words = {
  True: ["good", "Ready"],
  False: ["bad", "Not Ready"],
  Unknown: ["open", "Not known to be Ready"],
} as const;

function readyPart({ ready, lastProof }: Binding): Html {
  const [look, word] = words[ready?.status ?? "Unknown"];
  const why =
    ready === undefined
      ? "no operator has reconciled it yet"
      : ready.message === ""
        ? ready.reason
        : `${ready.reason}: ${ready.message}`;
  const proved = lastProof === undefined ? "never proved" : `last proved on ${timeText(lastProof)}`;
  return html`<span class="badge ${look}">${word}</span> ${why} <span class="quiet">(${proved})</span>`;
}

function bindingItem(binding: Binding): Html {
  const { kind, namespace, name, becomes } = binding;
  const target =
    becomes.length === 0
      ? "nothing yet"
      : html`${becomes.map((one, index) => html`${index === 0 ? "" : ", "}<code>${one}</code>`)}`;
  return html`<li class="item" data-ns="${namespace}">
    <code>${namespace}/${name}</code> <span class="quiet">${kind}</span> ${readyPart(binding)} <br /><span
      class="quiet"
      >becomes ${target}</span
    >
  </li>`;
}

/** Bindings by namespace and name, with their status. */
export function bindingsPart({ bindings }: TrustMap): Html {
  const sorted = bindings.toSorted((a, b) =>
    `${a.namespace}/${a.name} ${a.kind}` < `${b.namespace}/${b.name} ${b.kind}` ? -1 : 1,
  );
  return bindings.length === 0
    ? html`<p>There are none that were seen.</p>`
    : html`<ul class="plain">
        ${sorted.map(bindingItem)}
      </ul>`;
}
