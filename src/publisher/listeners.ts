import type { SecureContextOptions } from "node:tls";
import type { Logger } from "../base/index.ts";
import type { BoundAddress, ListenAddress, PublisherAddresses, PublisherListen } from "./publisher.ts";
import { challengeHandler } from "./serving/challenges.ts";
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
  /** What is served where TLS is a proxy's. */
  readonly plainSite: () => Site;
  readonly logger: Logger;
}

const wantedOf = (listen: PublisherListen): readonly { kind: Kind; asked: ListenAddress }[] => [
  ...(listen.https ?? []).map((asked) => ({ kind: "https", asked }) as const),
  ...(listen.http ?? []).map((asked) => ({ kind: "http", asked }) as const),
  ...(listen.insecurePlainHttpBehindProxy ?? []).map((asked) => ({ kind: "plain", asked }) as const),
];

const keyOf = (kind: Kind, asked: ListenAddress): string => `${kind} ${listenText(asked)}`;

/** A change of listeners that is prepared and not yet made. */
export interface ListenersChange {
  /** Makes it: what is no longer wanted drains. Gives what ends when the last client went. */
  commit(): Promise<void>;
  /** Takes it back. */
  cancel(): Promise<void>;
}

/** All public listeners of a publisher. */
export class Listeners {
  readonly #deps: ListenersDeps;
  #open: readonly Open[] = [];

  constructor(deps: ListenersDeps) {
    this.#deps = deps;
  }

  get addresses(): Omit<PublisherAddresses, "admin"> {
    const of = (kind: Kind): BoundAddress[] =>
      this.#open.filter((open) => open.kind === kind).map((open) => open.listener.bound);
    return { https: of("https"), http: of("http"), plain: of("plain") };
  }

  /** Opens what is new. Throws `publisher-listen`, and then everything is as before. */
  async change(listen: PublisherListen): Promise<ListenersChange> {
    const spare = new Map(this.#open.map((open) => [keyOf(open.kind, open.listener.asked), open]));
    const next: Open[] = [];
    const opened: Open[] = [];
    try {
      for (const { kind, asked } of wantedOf(listen)) {
        const kept = spare.get(keyOf(kind, asked));
        spare.delete(keyOf(kind, asked));
        const open = kept ?? { kind, listener: await this.#listen(kind, asked) };
        if (kept === undefined) opened.push(open);
        next.push(open);
      }
    } catch (error) {
      await Promise.all(opened.map((open) => open.listener.drain()));
      throw error;
    }
    return {
      commit: async () => {
        this.#open = next;
        await Promise.all([...spare.values()].map((open) => open.listener.drain()));
      },
      cancel: async () => void (await Promise.all(opened.map((open) => open.listener.drain()))),
    };
  }

  /** What clients that send no name are shown from now on. */
  useDefaults(options: SecureContextOptions): void {
    for (const { listener } of this.#open) listener.useDefaults?.(options);
  }

  /** Stops accepting, and resolves when every client went. */
  async drain(): Promise<void> {
    await Promise.all(this.#open.map((open) => open.listener.drain()));
  }

  #listen(kind: Kind, asked: ListenAddress): Promise<Listener> {
    const { secure, plainSite } = this.#deps;
    if (kind === "https") return listenHttps(asked, secure);
    const plain = { ...secure, site: plainSite };
    if (kind === "plain") return listenPlain(asked, plain, "proxy");
    return listenPlain(asked, plain, "strangers", challengeHandler(secure.challenges, secure.tallies));
  }
}
