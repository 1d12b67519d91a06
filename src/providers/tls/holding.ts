import { chainFault, readCertificates, validityOf, type ChainRequirements } from "../acme/chain/index.ts";
import { defined, errorText, type Logger, mapped } from "../../core/base/index.ts";
import type { ServedCertificate } from "./contract.ts";
import type { StoredRenewal } from "./store.ts";

/** The certificate that is served, and what is known of it. */
export interface CurrentCertificate extends ServedCertificate {
  readonly notBefore: number;
  /** The CA's directory URL, or a file. */
  readonly from: string;
  readonly renewal: StoredRenewal | undefined;
}

/** The certificate of a chain and its key. Throws `certificate-invalid`. */
export function heldOf(
  pair: { readonly certificate: string; readonly key: string; readonly renewal?: StoredRenewal | undefined },
  from: string,
): CurrentCertificate {
  const [leaf] = readCertificates(pair.certificate);
  const { certificate, key, renewal } = pair;
  return { certificate, key, from, renewal, ...validityOf(leaf) };
}

/** The requirements on a pair, except its own key. `before`: what is served now. */
export interface PairRequirements extends Pick<ChainRequirements, "names" | "now" | "roots"> {
  readonly before?: { readonly certificate: string } | undefined;
}

/**
 * Why a chain should not be served with its key, in a sentence; undefined when it may. Throws `certificate-invalid`.
 */
export function pairFault(
  pair: { readonly certificate: string; readonly key: string },
  { before, ...wanted }: PairRequirements,
): string | undefined {
  const chain = readCertificates(pair.certificate);
  const served = defined({
    before: mapped(before, (held) => readCertificates(held.certificate)),
  });
  return chainFault(chain, { ...wanted, ...served, key: pair.key });
}

/** What is served now, and the listeners for changes. */
export class Holding {
  readonly #listeners = new Set<() => void>();
  readonly #logger: Logger;
  #held: CurrentCertificate | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get held(): CurrentCertificate | undefined {
    return this.#held;
  }

  current(): ServedCertificate | undefined {
    if (this.#held === undefined) return undefined;
    const { certificate, key, notAfter } = this.#held;
    return { certificate, key, notAfter };
  }

  isReady(now: number): boolean {
    return this.#held !== undefined && this.#held.notAfter > now;
  }

  onChange(listener: () => void): () => void {
    // Each call is a subscription of its own, also with the same function.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Serves another certificate from now on. A listener that throws does not block the others. */
  swap(held: CurrentCertificate): void {
    this.#held = held;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#logger.error("a listener to a new certificate failed", { error: errorText(error) });
      }
    }
  }

  /** Keeps the CA's renewal information; no listener is called. */
  note(held: CurrentCertificate): void {
    this.#held = held;
  }
}
