import type { SecureContextOptions } from "node:tls";
import type { Logger } from "../core/base/index.ts";
import type { GenerationSpec, GenerationPart } from "./generation.ts";
import type { ChallengeAnswers } from "./contract.ts";
import { type NamedCertificate, SecureContexts } from "./serving/contexts.ts";
import { Site } from "./serving/site.ts";
import type { Tallies } from "./serving/tallies.ts";
import { type IssuerSettings, pagesOf } from "./settings.ts";
import type { PublishedDocuments } from "./source/documents.ts";

/** What clients are answered from under one set of options. */
interface Answers {
  readonly issuers: readonly IssuerSettings[];
  /** Over TLS. */
  readonly secure: Site;
  /** For a proxy that does TLS. */
  readonly plain: Site;
  readonly contexts: SecureContexts;
  readonly challenges: ChallengeAnswers;
  /** Unsubscribes from certificates. */
  readonly end: () => void;
}

export interface ServedDeps {
  readonly logger: Logger;
  readonly tallies: Tallies;
  /** The longest request target, in bytes. */
  readonly targetBytes: number;
  /** What is already published for an issuer. */
  readonly known: (settings: IssuerSettings) => PublishedDocuments | undefined;
  /** Called with what clients that send no name are served from now on. */
  readonly onDefault: (options: SecureContextOptions) => void;
  /** Called whenever a certificate changed. */
  readonly changed: () => void;
}

/** Sites and TLS contexts: what the listeners answer with. They take a new generation's defaults when they commit. */
export class Served implements GenerationPart {
  readonly #deps: ServedDeps;
  #inUse: Answers | undefined;
  #next: Answers | undefined;

  constructor(deps: ServedDeps) {
    this.#deps = deps;
  }

  /** What is answered with now; the first generation's while it is being prepared, since its listeners open first. */
  get current(): Answers {
    const answers = this.#inUse ?? this.#next;
    if (answers === undefined) throw new TypeError("nothing is served yet");
    return answers;
  }

  /** Serves other documents for a stack's issuer. */
  publish(stack: string, documents: PublishedDocuments): void {
    publish(this.current, stack, documents);
  }

  prepare({ options, issuers }: GenerationSpec): void {
    const { tallies, targetBytes, logger, changed } = this.#deps;
    const pages = pagesOf(issuers);
    const site = (secure: boolean): Site => new Site(pages, { secure, targetBytes, tallies });
    const named = issuers.flatMap(certificatesOf);
    const contexts = new SecureContexts(named, logger);
    const ends = named.map(({ certificates }) => certificates.onChange(changed));
    const end = (): void => {
      contexts.close();
      for (const one of ends) one();
    };
    const { challenges = {} } = options;
    this.#next = { issuers, secure: site(true), plain: site(false), contexts, challenges, end };
  }

  commit(): void {
    const [before, now] = [this.#inUse, this.#next];
    if (now === undefined) return;
    // So that no request meets an empty page.
    for (const settings of now.issuers) {
      const documents = this.#deps.known(settings);
      if (documents !== undefined) publish(now, settings.stack, documents);
    }
    this.#inUse = now;
    this.#next = undefined;
    now.contexts.onDefault = this.#deps.onDefault;
    before?.end();
  }

  cancel(): void {
    this.#next?.end();
    this.#next = undefined;
  }

  close(): void {
    this.cancel();
    this.#inUse?.end();
  }
}

function publish({ secure, plain }: Answers, stack: string, documents: PublishedDocuments): void {
  for (const site of [secure, plain]) {
    site.publish(stack, "discovery", documents.discovery);
    site.publish(stack, "jwks", documents.jwks);
  }
}

function certificatesOf(settings: IssuerSettings): readonly NamedCertificate[] {
  const { stack, hosts, jwksHosts, certificates, jwksCertificates } = settings;
  return [
    ...(certificates === undefined ? [] : [{ stack, hosts, certificates }]),
    ...(jwksCertificates === undefined ? [] : [{ stack, hosts: jwksHosts, certificates: jwksCertificates }]),
  ];
}
