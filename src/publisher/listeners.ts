import type { SecureContextOptions } from "node:tls";
import type { Logger } from "../core/base/index.ts";
import type { GenerationSpec, GenerationPart } from "./generation.ts";
import { Pool } from "./pool.ts";
import type { BoundAddress, ListenAddress, PublisherAddresses, PublisherListen } from "./contract.ts";
import { challengeAnswerer } from "./serving/challenges.ts";
import type { HttpsDeps } from "./serving/deps.ts";
import { listenHttps } from "./serving/https.ts";
import { listenText } from "./serving/listen.ts";
import type { Listener } from "./serving/listener.ts";
import { listenPlain } from "./serving/plain.ts";
import type { Site } from "./serving/site.ts";

type Kind = "https" | "http" | "plain";

interface Open {
  readonly kind: Kind;
  readonly listener: Listener;
}

export interface ListenersDeps {
  readonly secure: HttpsDeps;
  /** What is served if a proxy does TLS. */
  readonly plainSite: () => Site;
  readonly logger: Logger;
}

const wantedOf = (listen: PublisherListen): readonly { kind: Kind; asked: ListenAddress }[] => [
  ...(listen.https ?? []).map((asked) => ({ kind: "https", asked }) as const),
  ...(listen.http ?? []).map((asked) => ({ kind: "http", asked }) as const),
  ...(listen.insecurePlainHttpBehindProxy ?? []).map((asked) => ({ kind: "plain", asked }) as const),
];

/** All public listeners of a publisher. */
export class Listeners implements GenerationPart {
  readonly #deps: ListenersDeps;
  readonly #pool = new Pool<Open>(({ listener }) => listener.drain());

  constructor(deps: ListenersDeps) {
    this.#deps = deps;
  }

  get addresses(): Omit<PublisherAddresses, "admin" | "probes"> {
    const of = (kind: Kind): BoundAddress[] =>
      this.#pool.held.filter((open) => open.kind === kind).map((open) => open.listener.opened.bound);
    return { https: of("https"), http: of("http"), plain: of("plain") };
  }

  /** Throws `publisher-listen`. */
  async prepare({ options }: GenerationSpec): Promise<void> {
    for (const { kind, asked } of wantedOf(options.listen)) {
      const open = async (): Promise<Open> => ({ kind, listener: await this.#listen(kind, asked) });
      await this.#pool.take(`${kind} ${listenText(asked)}`, open);
    }
  }

  commit(): void {
    // Clients of a closing listener may take their time; they are not waited for.
    for (const { listener } of this.#pool.commit().gone) void listener.drain();
    this.useDefaults(this.#deps.secure.contexts().defaults);
  }

  cancel(): Promise<void> {
    return this.#pool.cancel();
  }

  /** Accepts on every socket, once everything can be answered. Throws `publisher-listen`. */
  async accept(): Promise<void> {
    await Promise.all(this.#pool.held.map(({ listener }) => listener.opened.accept()));
  }

  /** What clients that send no name are served from now on. */
  useDefaults(options: SecureContextOptions): void {
    for (const { listener } of this.#pool.held) listener.useDefaults?.(options);
  }

  /** Stops accepting, and resolves when every client is gone. */
  drain(): Promise<void> {
    return this.#pool.close();
  }

  #listen(kind: Kind, asked: ListenAddress): Promise<Listener> {
    const { secure, plainSite } = this.#deps;
    if (kind === "https") return listenHttps(asked, secure);
    const plain = { ...secure, site: plainSite };
    if (kind === "plain") return listenPlain(asked, plain, "proxy");
    return listenPlain(asked, plain, "clients", challengeAnswerer(secure.challenges, secure.tallies));
  }
}
