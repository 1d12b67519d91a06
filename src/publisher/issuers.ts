import { PodtrustError } from "../core/base/index.ts";
import type { GenerationSpec, GenerationPart } from "./generation.ts";
import { type IssuerDeps, PublishedIssuer } from "./issuer.ts";
import { type IssuerSettings, sameSource } from "./settings.ts";
import { unknownKey } from "./source/distrust.ts";

/** The published issuers. Unchanged ones continue; changed ones take over what was known. */
export class PublishedIssuers implements GenerationPart {
  readonly #deps: IssuerDeps;
  #inUse: readonly PublishedIssuer[] = [];
  #next: readonly IssuerSettings[] = [];

  constructor(deps: IssuerDeps) {
    this.#deps = deps;
  }

  get all(): readonly PublishedIssuer[] {
    return this.#inUse;
  }

  /** The issuer that continues under these settings, perhaps with another source. */
  predecessorOf({ stack, issuer }: IssuerSettings): PublishedIssuer | undefined {
    return this.#inUse.find(({ settings }) => settings.stack === stack && settings.issuer === issuer);
  }

  /** The issuer that has a key; throws `publisher-key-unknown`, with the reason if none is known. */
  holderOf(kid: string, stack: string | undefined): PublishedIssuer {
    const among = this.#inUse.filter(({ settings }) => stack === undefined || settings.stack === stack);
    const holders = among.filter(({ source }) => source.state.ring.some((key) => key.jwk.kid === kid));
    const [first, second] = holders;
    if (first !== undefined && second === undefined) return first;
    if (second !== undefined) {
      const names = holders.map(({ settings }) => settings.stack).join(", ");
      throw new PodtrustError("publisher-key-unknown", `several stacks hold a key ${kid}: ${names}`, {
        next: "Say with --stack which one is meant.",
      });
    }
    throw unknownKey(
      kid,
      among.flatMap(({ source }) => source.state.ring.map((key) => key.jwk.kid)),
      among.flatMap(({ source }) => source.state.failing ?? [])[0],
    );
  }

  /** The issuer of a stack, or the only one; throws `publisher-key-unknown`. */
  only(stack: string | undefined): PublishedIssuer {
    const among = this.#inUse.filter(({ settings }) => stack === undefined || settings.stack === stack);
    const [first, second] = among;
    if (first !== undefined && second === undefined) return first;
    const names = this.#inUse.map(({ settings }) => settings.stack).join(", ");
    throw new PodtrustError("publisher-key-unknown", `the publisher has the stacks ${names}`, {
      next: "Say with --stack which one is meant.",
    });
  }

  prepare({ issuers }: GenerationSpec): void {
    this.#next = issuers;
  }

  async commit(): Promise<void> {
    const before = this.#inUse;
    const next = this.#next.map(
      (settings) => this.#keep(settings) ?? new PublishedIssuer(settings, this.#deps),
    );
    const gone = before.filter((issuer) => !next.includes(issuer));
    // Both would write the same file: the old one ends first.
    await Promise.all(gone.map((issuer) => issuer.close()));
    this.#inUse = next;
    const starting = next.filter((issuer) => !before.includes(issuer));
    await Promise.all(
      starting.map((issuer) => {
        const { stack, issuer: url } = issuer.settings;
        const known = gone.find(({ settings }) => settings.stack === stack && settings.issuer === url);
        // One that was waiting for earlier distrusts has no knowledge to hand over.
        return issuer.start(known?.source.held === undefined ? known?.source.state : undefined);
      }),
    );
  }

  cancel(): void {
    this.#next = [];
  }

  async close(): Promise<void> {
    await Promise.all(this.#inUse.map((issuer) => issuer.close()));
  }

  #keep(settings: IssuerSettings): PublishedIssuer | undefined {
    const predecessor = this.predecessorOf(settings);
    if (predecessor === undefined || !sameSource(predecessor.settings, settings)) return undefined;
    predecessor.keep(settings);
    return predecessor;
  }
}
