import { type Clock, PodtrustError } from "../core/base/index.ts";
import { parseDiscovery } from "../rules/oidc/index.ts";
import type { GenerationSpec, GenerationPart } from "./generation.ts";
import type { PublishedIssuer } from "./issuer.ts";
import type { IssuerSettings } from "./settings.ts";

/** Milliseconds within which a change that was refused is made when it is asked for again. */
const again = 300_000;
// Milliseconds: what a cluster says of its issuer helps to see a mistake, and is not worth a longer wait.
const asking = 3000;

interface Refused {
  readonly change: string;
  /** When that was said; milliseconds of `clock.elapsed()`. */
  readonly at: number;
}

export interface WithdrawalDeps {
  readonly clock: Clock;
  /** The issuers in use. */
  readonly issuers: () => readonly PublishedIssuer[];
}

const urlsServed = (issuers: readonly IssuerSettings[]): readonly string[] =>
  issuers.filter(({ target }) => target === undefined).map(({ issuer }) => issuer);

/** What the cluster of a new issuer says of itself, where that is another one. */
async function clustersWord({ issuer, cluster }: IssuerSettings): Promise<string> {
  try {
    const { discovery } = await cluster.oidcDocuments({ signal: AbortSignal.timeout(asking) });
    const named = parseDiscovery(discovery).issuer;
    return named === issuer ? "" : `; the cluster ${cluster.server} names ${named}, not ${issuer}`;
  } catch {
    return "";
  }
}

/**
 * Keeps a typing error from taking an issuer off the net that is served and that its cluster has confirmed: such a
 * change is refused (`publisher-issuer-withdrawn`) unless it is asked for again by somebody who could have read that.
 */
export class WithdrawalGuard implements GenerationPart {
  readonly #deps: WithdrawalDeps;
  #refused: Refused | undefined;

  constructor(deps: WithdrawalDeps) {
    this.#deps = deps;
  }

  async prepare({ issuers, askedAt }: GenerationSpec): Promise<void> {
    const wanted = urlsServed(issuers);
    const inUse = this.#deps.issuers().filter(({ source }) => source.documents !== undefined);
    const gone = urlsServed(inUse.map(({ settings }) => settings)).filter((url) => !wanted.includes(url));
    if (gone.length === 0) return;
    const change = JSON.stringify([gone, wanted]);
    if (this.#isAskedAgain(change, askedAt)) return;
    const known = new Set(inUse.map(({ settings }) => settings.issuer));
    const fresh = issuers.filter(({ issuer }) => !known.has(issuer));
    const words = await Promise.all(fresh.map(clustersWord));
    this.#refused = { change, at: this.#deps.clock.elapsed() };
    const instead =
      fresh.length === 0 ? "" : ` (in its place: ${fresh.map(({ issuer }) => issuer).join(", ")})`;
    throw new PodtrustError(
      "publisher-issuer-withdrawn",
      `the new config would take ${gone.join(", ")} off the net${instead}, which is served and was confirmed by its cluster${words.join("")}`,
      { detail: { withdrawn: gone, wanted } },
    );
  }

  commit(): void {
    this.#refused = undefined;
  }

  cancel(): void {
    // Nothing was opened; what was refused may be asked for again.
  }

  #isAskedAgain(change: string, askedAt: number): boolean {
    const before = this.#refused;
    // Who asked before the refusal was said has not read it.
    return before?.change === change && askedAt > before.at && askedAt - before.at <= again;
  }
}
