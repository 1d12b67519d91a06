import type { ServedCertificate } from "../../providers/tls/index.ts";
import type { CertificateProgress, CertificateProvider } from "../contract.ts";
import type { CertificateAccount } from "../status.ts";

/** A certificate source with accounts at CAs. */
interface SourceOfCa extends CertificateProvider {
  accounts(): readonly CertificateAccount[];
}

/**
 * A stand-in for a certificate source that can only start once the listeners do, since a CA validates a name by asking
 * them.
 */
export class LateCertificates implements CertificateProvider {
  readonly #listeners = new Set<() => void>();
  #source: CertificateProvider | undefined;
  #accounts: () => readonly CertificateAccount[] = () => [];
  #unsubscribe: (() => void) | undefined;

  current(): ServedCertificate | undefined {
    return this.#source?.current();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): CertificateProgress {
    const progress = this.#source?.status?.() ?? { renewals: 0, attempts: 0 };
    return { ...progress, accounts: this.#accounts() };
  }

  /** Uses this source from now on. */
  bind(source: SourceOfCa): void {
    this.#accounts = () => source.accounts();
    this.#unsubscribe?.();
    this.#source = source;
    this.#unsubscribe = source.onChange(() => this.#notify());
    if (source.current() !== undefined) this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
