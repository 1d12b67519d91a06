import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { defined, isoTime } from "../core/base/index.ts";
import type { CertificateProvider } from "./contract.ts";
import type { IssuerSettings } from "./settings.ts";
import type { IssuerCertificateStatus } from "./status.ts";

/** Validity of an issuer's certificates at a moment. */
export interface CertificateVerdict {
  /** Absent if a proxy does TLS. */
  readonly status?: IssuerCertificateStatus;
  /** Why a relying party would refuse it, in sentences. */
  readonly unready: readonly string[];
  readonly warnings: readonly string[];
}

interface OneVerdict extends CertificateVerdict {
  readonly status: IssuerCertificateStatus;
}

function uncovered(pem: string, hosts: readonly string[]): readonly string[] {
  const leaf = new X509Certificate(pem);
  const names = (host: string): boolean =>
    (isIP(host) === 0 ? leaf.checkHost(host, { subject: "never" }) : leaf.checkIP(host)) !== undefined;
  return hosts.filter((host) => !names(host));
}

function failingOf(source: CertificateProvider): IssuerCertificateStatus["failing"] {
  const { lastError, attempts, nextAttempt } = source.status?.() ?? {};
  if (lastError === undefined) return undefined;
  const { message, next, at } = lastError;
  return { message, next, at, count: attempts ?? 0, ...defined({ nextAttempt }) };
}

/** The last message about a new certificate, and when it is tried again. */
function failingText(failing: IssuerCertificateStatus["failing"]): string {
  if (failing === undefined) return "";
  const { message, next, at, nextAttempt } = failing;
  const again = nextAttempt === undefined ? "" : ` The next attempt is at ${isoTime(nextAttempt)}.`;
  return ` At ${isoTime(at)}: ${message}.${again} ${next}`;
}

/** Remembers which hosts a certificate does not name, to avoid parsing it at each look. */
class OneCheck {
  #of: string | undefined;
  #uncovered: readonly string[] = [];

  verdict(source: CertificateProvider, hosts: readonly string[], now: number): OneVerdict {
    const current = source.current();
    const failing = failingOf(source);
    const { accounts } = source.status?.() ?? {};
    const known = defined({ accounts, failing });
    if (current === undefined) {
      const unready = [`There is no certificate yet.${failingText(failing)}`];
      return { status: known, unready, warnings: [] };
    }
    const of = JSON.stringify([current.certificate, hosts]);
    if (of !== this.#of) {
      this.#uncovered = uncovered(current.certificate, hosts);
      this.#of = of;
    }
    const { notAfter } = current;
    const unready =
      now < notAfter ? [] : [`The certificate expired at ${isoTime(notAfter)}.${failingText(failing)}`];
    const warnings = [
      ...this.#uncovered.map((host) => `The certificate does not name ${host}: relying parties refuse it.`),
      ...(failing === undefined || unready.length > 0
        ? []
        : [
            `The certificate, good until ${isoTime(notAfter)}, could not be renewed, or its successor could not be saved.${failingText(failing)}`,
          ]),
    ];
    return { status: { notAfter, ...known }, unready, warnings };
  }
}

/** The state of both: the earlier expiry date, and the first problem found. */
function together(all: readonly IssuerCertificateStatus[]): IssuerCertificateStatus {
  const ends = all.flatMap(({ notAfter }) => notAfter ?? []);
  const failing = all.find((one) => one.failing !== undefined)?.failing;
  const asked = all.flatMap(({ accounts }) => (accounts === undefined ? [] : [accounts]));
  return {
    ...(asked.length === 0 ? {} : { accounts: asked.flat() }),
    ...(ends.length === 0 ? {} : { notAfter: Math.min(...ends) }),
    ...defined({ failing }),
  };
}

/** Judges the certificates of an issuer. */
export class CertificateCheck {
  readonly #first = new OneCheck();
  readonly #second = new OneCheck();

  verdict(settings: IssuerSettings, now: number): CertificateVerdict {
    const { certificates, jwksCertificates, hosts, jwksHosts } = settings;
    const verdicts = [
      ...(certificates === undefined ? [] : [this.#first.verdict(certificates, hosts, now)]),
      ...(jwksCertificates === undefined ? [] : [this.#second.verdict(jwksCertificates, jwksHosts, now)]),
    ];
    return {
      ...(verdicts.length === 0 ? {} : { status: together(verdicts.map(({ status }) => status)) }),
      unready: verdicts.flatMap(({ unready }) => unready),
      warnings: verdicts.flatMap(({ warnings }) => warnings),
    };
  }
}
