import { errorText, type Logger } from "../../core/base/index.ts";
import { isLoopback } from "../../core/http/index.ts";
import {
  answerAt,
  drainServer,
  expose,
  json,
  line,
  type LocalReply,
  localServer,
  type LocalRoutes,
} from "../../core/admin/index.ts";
import type { GenerationSpec, GenerationPart } from "../generation.ts";
import { Pool } from "../pool.ts";
import type { BoundAddress, ListenAddress, PublisherListen } from "../contract.ts";
import { listenOn, listenText } from "../serving/listen.ts";
import { metricCatalogue } from "./catalogue.ts";
import { takeSamples } from "./samples.ts";
import type { AdminView } from "./view.ts";

/** An open listener for this machine's operators. */
interface LocalListener {
  readonly bound: BoundAddress;
  close(): Promise<void>;
}

function readiness(view: AdminView): LocalReply {
  const { ready, unready, degraded } = view.publisher.status();
  const warnings = degraded.map((why) => `degraded: ${why}`);
  return ready ? line(["ready", ...warnings].join("\n")) : line([...unready, ...warnings].join("\n"), 503);
}

/** Whether a load balancer may send clients here: this replica is as good as any other. */
function routable(view: AdminView): LocalReply {
  const why = view.issuers().flatMap((issuer) => issuer.notRoutable ?? []);
  return why.length === 0 ? line("routable") : line(why.join("\n"), 503);
}

function metrics(view: AdminView): LocalReply {
  const { type, text } = expose(metricCatalogue, takeSamples(view));
  return { status: 200, type, body: text };
}

const placesOf = (view: AdminView): LocalRoutes => ({
  "/healthz": () => line("ok"),
  "/readyz": () => readiness(view),
  "/routez": () => routable(view),
  "/status": () => json(view.publisher.status()),
  "/metrics": () => metrics(view),
});

/**
 * For the kubelet. Any pod of the cluster can ask, so the answer gives no reasons. Ready means that clients may be sent
 * here, as in /routez: before the first certificate the CA has to be let in, and an outage of the CA must not take a
 * pod out.
 */
const probesOf = (view: AdminView): LocalRoutes => ({
  "/livez": () => line("ok"),
  "/readyz": () => {
    const { status } = routable(view);
    return status === 200 ? line("ok") : line("not ready", status);
  },
});

async function listenLocal(
  asked: ListenAddress,
  routes: LocalRoutes,
  logger: Logger,
): Promise<LocalListener> {
  let listen = "host" in asked ? asked.host : "";
  const server = localServer(
    ({ incoming }) => answerAt(routes, listen, incoming),
    (error) => {
      logger.error(`${listenText(asked)} failed to answer: ${errorText(error)}`);
      return line("500 Internal Server Error", 500);
    },
  );
  const bound = await listenOn(server, asked, logger);
  if (listen === "") listen = bound.address;
  return { bound, close: () => drainServer(server) };
}

/** The listener for this machine's operators that the options ask for, or none. */
export class LocalPart implements GenerationPart {
  readonly #asked: (listen: PublisherListen) => ListenAddress | false;
  readonly #open: (asked: ListenAddress) => Promise<LocalListener>;
  readonly #pool = new Pool<LocalListener>((listener) => listener.close());

  constructor(
    asked: (listen: PublisherListen) => ListenAddress | false,
    open: (asked: ListenAddress) => Promise<LocalListener>,
  ) {
    this.#asked = asked;
    this.#open = open;
  }

  get address(): BoundAddress | undefined {
    return this.#pool.held[0]?.bound;
  }

  /** Throws `publisher-listen`. */
  async prepare({ options }: GenerationSpec): Promise<void> {
    const asked = this.#asked(options.listen);
    if (asked !== false) await this.#pool.take(listenText(asked), () => this.#open(asked));
  }

  commit(): void {
    // Readers may take their time; they are not waited for here.
    for (const listener of this.#pool.commit().gone) void listener.close();
  }

  cancel(): Promise<void> {
    return this.#pool.cancel();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

const loopback = { host: "127.0.0.1", port: 9890 } as const;

/**
 * /healthz says that the process answers, /readyz that a relying party gets all it needs: an outage of the cluster's
 * API only degrades it, since the last good documents are still served. /routez is for load balancers: it lets clients
 * in even before the first certificate, since the CA is one of them.
 */
export function adminPart(view: AdminView): LocalPart {
  return new LocalPart(
    ({ admin = loopback }) => admin,
    async (asked) => {
      const listener = await listenLocal(asked, placesOf(view), view.logger);
      if (!isLoopback(listener.bound.address))
        view.logger.warn(`${listenText(asked)} shows status and metrics to any client that can reach it`);
      return listener;
    },
  );
}

/** /livez and /readyz, on a port that reveals nothing. */
export function probesPart(view: AdminView): LocalPart {
  return new LocalPart(
    ({ probes }) => probes ?? false,
    (asked) => listenLocal(asked, probesOf(view), view.logger),
  );
}
