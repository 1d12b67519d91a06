import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { PreparedStack } from "./stacks.ts";

/** What a stack's certificate is worth at a moment. */
export interface CertificateVerdict {
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
export class CertificateCheck {
  #of: string | undefined;
  #uncovered: readonly string[] = [];

  verdict(prepared: PreparedStack, now: number): CertificateVerdict {
    const source = prepared.stack.certificates;
    if (source === undefined) return nothing;
    const current = source.current();
    if (current === undefined) return { unready: ["There is no certificate yet."], warnings: [] };
    if (current.certificate !== this.#of) {
      this.#uncovered = uncovered(current.certificate, prepared.hosts);
      this.#of = current.certificate;
    }
    const { notAfter } = current;
    const unready = now < notAfter ? [] : [`The certificate expired at ${iso(notAfter)}.`];
    const warnings = this.#uncovered.map(
      (host) => `The certificate does not name ${host}: relying parties refuse it.`,
    );
    return { notAfter, unready, warnings };
  }
}
