import { errorText } from "../../base/index.ts";
import { isLoopbackAddress } from "../../http/index.ts";
import {
  answerAt,
  drainServer,
  expose,
  json,
  line,
  type LocalReply,
  localServer,
  type Places,
} from "../../admin/index.ts";
import type { Part, Wanted } from "../generation.ts";
import { Pool } from "../pool.ts";
import type { BoundAddress, ListenAddress } from "../publisher.ts";
import { listenOn, listenText } from "../serving/listen.ts";
import { metricCatalogue } from "./catalogue.ts";
import { takeSamples } from "./samples.ts";
import type { AdminView } from "./view.ts";

/** The second listener, open. */
interface AdminListener {
  readonly bound: BoundAddress;
  close(): Promise<void>;
}

function readiness(view: AdminView): LocalReply {
  const { ready, unready, degraded } = view.publisher.status();
  const told = degraded.map((why) => `degraded: ${why}`);
  return ready ? line(["ready", ...told].join("\n")) : line([...unready, ...told].join("\n"), 503);
}

/** Whether a load balancer may lead clients here: as well to this replica as to any other. */
function routable(view: AdminView): LocalReply {
  const why = view.issuers().flatMap((issuer) => issuer.notRoutable ?? []);
  return why.length === 0 ? line("routable") : line(why.join("\n"), 503);
}

async function metrics(view: AdminView): Promise<LocalReply> {
  const { type, text } = await expose(metricCatalogue, takeSamples(view));
  return { status: 200, type, body: text };
}

const placesOf = (view: AdminView): Places => ({
  "/healthz": () => line("ok"),
  "/readyz": () => readiness(view),
  "/routez": () => routable(view),
  "/status": () => json(view.publisher.status()),
  "/metrics": () => metrics(view),
});

/**
 * /healthz says that the process answers, /readyz that a relying party gets all it needs: an outage of the
 * cluster's API does not make it unready, since the last good documents are served on; it is told as degraded.
 * /routez is for load balancers: it lets clients in also before the first certificate, since a CA is one of them.
 */
async function listenAdmin(asked: ListenAddress, view: AdminView): Promise<AdminListener> {
  let listen = "host" in asked ? asked.host : "";
  const places = placesOf(view);
  const server = localServer(
    (request) => answerAt(places, listen, request),
    (error) => {
      view.logger.error(`the second listener failed to answer: ${errorText(error)}`);
      return line("500 Internal Server Error", 500);
    },
  );
  const bound = await listenOn(server, asked, view.logger);
  if (listen === "") listen = bound.address;
  if (!isLoopbackAddress(bound.address)) {
    view.logger.warn(`${listenText(asked)} shows status and metrics to whoever can reach it`);
  }
  return { bound, close: () => drainServer(server) };
}

const loopback = { host: "127.0.0.1", port: 9890 } as const;

/** The second listener that the options ask for, or none. */
export class AdminPart implements Part {
  readonly #view: AdminView;
  readonly #pool = new Pool<AdminListener>((listener) => listener.close());

  constructor(view: AdminView) {
    this.#view = view;
  }

  get address(): BoundAddress | undefined {
    return this.#pool.held[0]?.bound;
  }

  /** Throws `publisher-listen`. */
  async prepare({ options }: Wanted): Promise<void> {
    const asked = options.listen.admin ?? loopback;
    if (asked !== false) await this.#pool.take(listenText(asked), () => listenAdmin(asked, this.#view));
  }

  commit(): void {
    // Whoever reads from it may take his time; nobody waits for him here.
    for (const listener of this.#pool.commit().gone) void listener.close();
  }

  cancel(): Promise<void> {
    return this.#pool.cancel();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
