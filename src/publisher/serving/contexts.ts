import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { errorText, type Logger } from "../../core/base/index.ts";
import type { CertificateProvider } from "../contract.ts";

/**
 * TLS 1.2 and 1.3: AWS falls back to thumbprints if 1.3 is required. Ciphers with forward secrecy and authenticated
 * encryption only.
 */
const tlsOptions = {
  minVersion: "TLSv1.2",
  honorCipherOrder: true,
  ciphers: [
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
  ].join(":"),
} as const satisfies SecureContextOptions;

/** An issuer's certificate and the names it is shown for. */
export interface NamedCertificate {
  readonly stack: string;
  readonly hosts: readonly string[];
  readonly certificates: CertificateProvider;
}

/**
 * The TLS contexts of all issuers by server name. New handshakes get a new certificate; open connections keep theirs.
 * An unusable one is reported, and the old one stays.
 */
export class SecureContexts {
  readonly #byHost = new Map<string, SecureContext>();
  readonly #entries: readonly NamedCertificate[];
  readonly #logger: Logger;
  readonly #unsubscribe: (() => void)[] = [];
  #first: SecureContextOptions | undefined;
  /** Called with the options for clients that send no name, whenever they change. */
  onDefault: (options: SecureContextOptions) => void = () => {};

  constructor(entries: readonly NamedCertificate[], logger: Logger) {
    this.#entries = entries;
    this.#logger = logger;
    for (const entry of entries) {
      this.#take(entry);
      this.#unsubscribe.push(entry.certificates.onChange(() => this.#take(entry)));
    }
  }

  /** Options to create a server with, for clients that send no name; without certificate before the first. */
  get defaults(): SecureContextOptions {
    return this.#first ?? tlsOptions;
  }

  /** The context for a server name; undefined: the default one. */
  contextFor(serverName: string): SecureContext | undefined {
    return this.#byHost.get(serverName.toLowerCase());
  }

  close(): void {
    for (const end of this.#unsubscribe) end();
  }

  #take(entry: NamedCertificate): void {
    const current = entry.certificates.current();
    if (current === undefined) return;
    const options = { ...tlsOptions, cert: current.certificate, key: current.key };
    let context: SecureContext;
    try {
      context = createSecureContext(options);
    } catch (error) {
      this.#logger.error(`the new certificate of ${entry.stack} cannot be used: ${errorText(error)}`);
      return;
    }
    for (const host of entry.hosts) this.#byHost.set(host, context);
    if (entry === this.#entries[0]) {
      this.#first = options;
      this.onDefault(options);
    }
  }
}
