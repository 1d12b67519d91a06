import { dirname } from "node:path";
import {
  expose,
  json,
  line,
  listenRoutes,
  type LocalAddress,
  type LocalRoutes,
} from "../core/admin/index.ts";
import { type Clock, type Logger, PodtrustError } from "../core/base/index.ts";
import { StateFolder } from "../core/files/index.ts";
import { isLoopback } from "../core/http/index.ts";
import { openControl, openSocket } from "./control.ts";
import type { ClaimsRules } from "../rules/signer/index.ts";
import type { KeyHolder } from "./holder.ts";
import { KeyFolder } from "./key-folder.ts";
import { signerMetrics, CallTallies } from "./metrics.ts";
import { signerServer } from "./service.ts";
import { type Agreement, Signer, type SignerStatus } from "./signer.ts";

export interface ServeSignerOptions extends ClaimsRules {
  /** Where the keys and the control socket are. */
  readonly stateDir: string;
  /** The unix socket that the API server dials: an absolute path in a folder that no other user may enter. */
  readonly socket: string;
  /** Of health, status and metrics. */
  readonly listen: LocalAddress;
  readonly refreshSeconds: number;
  /** What holds keys beside the state folder. */
  readonly holders?: readonly KeyHolder[];
  readonly agreement?: Agreement;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** A signer that listens. */
export interface ServingSigner {
  readonly address: LocalAddress;
  readonly signer: Signer;
  close(): Promise<void>;
}

/** A status for every user of the machine: where keys are, and why one cannot be read, is said on the control socket alone. */
function shownStatus({ keys, trouble, ...rest }: SignerStatus): object {
  const shown = keys.map(({ holder: _where, ...key }) => key);
  return { ...rest, keys: shown, hasTrouble: trouble !== undefined };
}

/** /healthz: the process answers. /readyz: what its folder holds is what it serves. */
const placesOf = (signer: Signer, tallies: CallTallies): LocalRoutes => ({
  "/healthz": () => line("ok"),
  "/readyz": () => {
    const { trouble } = signer.status;
    return trouble === undefined ? line("ready") : line("the keys could not be read again", 503);
  },
  "/status": () => json(shownStatus(signer.status)),
  "/metrics": () => {
    const { type, text } = expose(signerMetrics, tallies.samples(signer));
    return { status: 200, type, body: text };
  },
});

const cannotListen = (sentence: string, cause: unknown): PodtrustError =>
  new PodtrustError("signer-listen", sentence, { cause });

/** Closes what was opened, the last first. */
class Opened {
  readonly #closings: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.#closings.unshift(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closings.splice(0)) await close();
  }
}

async function openAll(options: ServeSignerOptions, opened: Opened): Promise<Omit<ServingSigner, "close">> {
  const { stateDir, socket, clock, logger, signal, maxSeconds, holders = [], ...rest } = options;
  const keys = new KeyFolder(stateDir, clock);
  const tallies = new CallTallies();
  const signer = new Signer({
    ...rest,
    maxSeconds,
    keys,
    clock,
    logger,
    holders: [keys.holder, ...holders],
    folders: [keys.folder, new StateFolder(dirname(socket))],
  });
  for (const holder of holders) opened.add(async () => holder.close?.());
  await signer.load(signal);
  opened.add(await openControl(stateDir, signer, signal));
  const grpc = signerServer(signer, { clock, logger, tallies, maxTokenSeconds: maxSeconds });
  opened.add(() => grpc.close());
  await openSocket(grpc.server, socket);
  // The last: /readyz reports a signer that an API server can reach.
  const admin = await listenRoutes(placesOf(signer, tallies), options.listen, logger, cannotListen);
  opened.add(() => admin.close());
  if (!isLoopback(admin.host))
    logger.warn(`${admin.host}:${admin.port} shows status and metrics to anyone who can reach it`);
  return { address: { host: admin.host, port: admin.port }, signer };
}

/**
 * Loads the keys of a state folder and answers the API server. Throws `signer-state`, `signer-listen`, `signer-running`,
 * `signer-key-source`, and what reading files throws; nothing is left open then.
 */
export async function serveSigner(options: ServeSignerOptions): Promise<ServingSigner> {
  const opened = new Opened();
  try {
    return { ...(await openAll(options, opened)), close: () => opened.close() };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
