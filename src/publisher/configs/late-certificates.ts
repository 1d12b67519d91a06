import type { CertificateProgress, CertificateSource, ServedCertificate } from "../publisher.ts";

/**
 * A certificate source that stands in for one that can only start once the listeners do, since a CA proves a
 * name by asking them.
 */
export class LateCertificates implements CertificateSource {
  readonly #listeners = new Set<() => void>();
  #source: CertificateSource | undefined;
  #unsubscribe: (() => void) | undefined;

  current(): ServedCertificate | undefined {
    return this.#source?.current();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): CertificateProgress {
    return this.#source?.status?.() ?? { renewals: 0, attempts: 0 };
  }

  /** Gives what comes from here on. */
  bind(source: CertificateSource): void {
    this.#unsubscribe?.();
    this.#source = source;
    this.#unsubscribe = source.onChange(() => this.#tell());
    if (source.current() !== undefined) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
