import { type Clock, PodtrustError } from "../core/base/index.ts";
import { parseDiscovery } from "../rules/oidc/index.ts";
import type { GenerationSpec, GenerationPart } from "./generation.ts";
import type { PublishedIssuer } from "./issuer.ts";
import type { IssuerSettings } from "./settings.ts";

/** Milliseconds within which a refused change is made if it is requested again. */
const again = 300_000;
// Milliseconds: what a cluster says of its issuer helps to see a mistake, but is not worth a longer wait.
const asking = 3000;

interface Refused {
  readonly change: string;
  /** When it was logged; milliseconds of `clock.elapsed()`. */
  readonly at: number;
}

export interface WithdrawalDeps {
  readonly clock: Clock;
  /** The issuers in use. */
  readonly issuers: () => readonly PublishedIssuer[];
}

const urlsServed = (issuers: readonly IssuerSettings[]): readonly string[] =>
  issuers.filter(({ target }) => target === undefined).map(({ issuer }) => issuer);

/** What the cluster of a new issuer names as its issuer, if that differs. */
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
 * Keeps a typing error from unpublishing an issuer that is served and confirmed by its cluster: such a change is
 * refused (`publisher-issuer-withdrawn`) unless it is requested again after the refusal could be read.
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
    // Nothing was opened; the refused change may be requested again.
  }

  #isAskedAgain(change: string, askedAt: number): boolean {
    const before = this.#refused;
    // A request from before the refusal was logged does not count: its author cannot have read it.
    return before?.change === change && askedAt > before.at && askedAt - before.at <= again;
  }
}
