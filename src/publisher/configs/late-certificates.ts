import type { CertificateProgress, CertificateSource, ServedCertificate } from "../publisher.ts";
import type { CertificateAccount } from "../status.ts";

/** A certificate source with accounts at CAs. */
interface SourceOfCa extends CertificateSource {
  accounts(): readonly CertificateAccount[];
  /** Resolves once there is one with every CA that may be asked. */
  accountsReady(): Promise<unknown>;
}

/**
 * A certificate source that stands in for one that can only start once the listeners do, since a CA proves a
 * name by asking them.
 */
export class LateCertificates implements CertificateSource {
  readonly #listeners = new Set<() => void>();
  #source: CertificateSource | undefined;
  #accounts: () => readonly CertificateAccount[] = () => [];
  #accountsMissing = true;
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
    const missing = this.#accountsMissing ? ({ accountsMissing: true } as const) : {};
    return { ...progress, accounts: this.#accounts(), ...missing };
  }

  /** Gives what comes from here on. */
  bind(source: SourceOfCa): void {
    this.#accounts = () => source.accounts();
    source.accountsReady().then(
      () => (this.#accountsMissing = false),
      // It was closed before.
      () => {},
    );
    this.#unsubscribe?.();
    this.#source = source;
    this.#unsubscribe = source.onChange(() => this.#tell());
    if (source.current() !== undefined) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
