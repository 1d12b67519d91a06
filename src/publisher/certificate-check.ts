import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { CertificateSource } from "./publisher.ts";
import type { IssuerSettings } from "./settings.ts";

/** What an issuer's certificates are worth at a moment. */
export interface CertificateVerdict {
  /** Of the one that expires first. */
  readonly notAfter?: number;
  /** Why a relying party would refuse it, in sentences. */
  readonly unready: readonly string[];
  readonly warnings: readonly string[];
}

const iso = (ms: number): string => new Date(ms).toISOString();
const nothing: CertificateVerdict = { unready: [], warnings: [] };

function uncovered(pem: string, hosts: readonly string[]): readonly string[] {
  const leaf = new X509Certificate(pem);
  const names = (host: string): boolean =>
    (isIP(host) === 0 ? leaf.checkHost(host, { subject: "never" }) : leaf.checkIP(host)) !== undefined;
  return hosts.filter((host) => !names(host));
}

/** Remembers which hosts a certificate does not name, since parsing it for each look would be waste. */
class OneCheck {
  #of: string | undefined;
  #uncovered: readonly string[] = [];

  verdict(source: CertificateSource, hosts: readonly string[], now: number): CertificateVerdict {
    const current = source.current();
    if (current === undefined) return { unready: ["There is no certificate yet."], warnings: [] };
    const of = JSON.stringify([current.certificate, hosts]);
    if (of !== this.#of) {
      this.#uncovered = uncovered(current.certificate, hosts);
      this.#of = of;
    }
    const { notAfter } = current;
    const unready = now < notAfter ? [] : [`The certificate expired at ${iso(notAfter)}.`];
    const warnings = this.#uncovered.map(
      (host) => `The certificate does not name ${host}: relying parties refuse it.`,
    );
    return { notAfter, unready, warnings };
  }
}

/** Judges the certificates of an issuer. */
export class CertificateCheck {
  readonly #first = new OneCheck();
  readonly #second = new OneCheck();

  verdict(settings: IssuerSettings, now: number): CertificateVerdict {
    const { certificates, jwksCertificates, hosts, jwksHosts } = settings;
    const verdicts = [
      certificates === undefined ? nothing : this.#first.verdict(certificates, hosts, now),
      jwksCertificates === undefined ? nothing : this.#second.verdict(jwksCertificates, jwksHosts, now),
    ];
    const ends = verdicts.flatMap(({ notAfter }) => notAfter ?? []);
    return {
      ...(ends.length === 0 ? {} : { notAfter: Math.min(...ends) }),
      unready: verdicts.flatMap(({ unready }) => unready),
      warnings: verdicts.flatMap(({ warnings }) => warnings),
    };
  }
}
