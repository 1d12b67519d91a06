import type { Server } from "node:http";
import { join } from "node:path";
import {
  asPodtrustError,
  defined,
  errorText,
  type JsonRecord,
  type Logger,
  PodtrustError,
  recordOf,
} from "../../core/base/index.ts";
import {
  drainServer,
  json,
  line,
  listenOnSocket,
  type LocalReply,
  localServer,
  socketPathProblem,
} from "../../core/admin/index.ts";
import { fileCode, StateFolder } from "../../core/files/index.ts";
import type { Exchange } from "../../core/listener/index.ts";
import type { GenerationSpec, GenerationPart } from "../generation.ts";
import { Pool } from "../pool.ts";
import type { Publisher } from "../contract.ts";

type Controlled = Pick<Publisher, "status" | "distrust" | "restore">;

/** Where the socket is in a state directory. */
export function controlPath(stateDir: string): string {
  return join(stateDir, "publisher.sock");
}

const maxRequest = 8 * 1024;

async function readText(exchange: Exchange): Promise<string> {
  try {
    return (await exchange.readBody(maxRequest)).toString("utf8");
  } catch (cause) {
    throw new PodtrustError("usage", `a request cannot be read: ${errorText(cause)}`, { cause });
  }
}

interface KeyCommand {
  readonly kid: string;
  readonly stack?: string;
  readonly force: boolean;
  readonly publicKey?: string;
}

async function readKeyCommand(exchange: Exchange): Promise<KeyCommand> {
  let asked: JsonRecord;
  try {
    asked = recordOf(JSON.parse(await readText(exchange)));
  } catch (cause) {
    throw new PodtrustError("usage", "a request is not JSON", { cause });
  }
  const { kid, force = false } = asked;
  if (typeof kid !== "string" || kid === "" || typeof force !== "boolean")
    throw new PodtrustError("usage", 'a request is not {"kid", "stack", "force", "publicKey"}');
  const [stack, publicKey] = (["stack", "publicKey"] as const).map((name) => {
    const value = asked[name];
    if (value === undefined || typeof value === "string") return value;
    throw new PodtrustError("usage", `the ${name} is not a text`);
  });
  return { kid, force, ...defined({ stack, publicKey }) };
}

async function answer(exchange: Exchange, publisher: Controlled): Promise<LocalReply> {
  const { method = "", url = "" } = exchange.incoming;
  const what = `${method} ${url}`;
  if (what === "GET /status") return json(publisher.status());
  if (what !== "POST /distrust" && what !== "POST /restore") return line("404 Not Found", 404);
  const { kid, ...options } = await readKeyCommand(exchange);
  return json(
    what === "POST /restore" ? await publisher.restore(kid, options) : await publisher.distrust(kid, options),
  );
}

/** Errors of a read-only folder: a file system mounted read-only, another user's folder. */
const readOnly = new Set(["EROFS", "EACCES", "EPERM"]);

/** A state directory's socket, open, or the reason why a read-only folder has none. */
interface OpenedSocket {
  readonly server?: Server;
  readonly trouble?: string;
}

/** Creates the state directory if it does not exist. Throws `state-permissions`, `file-unwritable`. */
async function makeFolder(stateDir: string): Promise<void> {
  try {
    await new StateFolder(stateDir).make();
  } catch (error) {
    const { code, message } = asPodtrustError(error);
    if (code !== "file-unwritable") throw error;
    throw new PodtrustError("file-unwritable", `the state directory cannot be made: ${message}`, {
      cause: error,
      next: "Name a folder that this user may write to: publisher.stateDir in the config, STATE_DIRECTORY (systemd's StateDirectory=) or XDG_STATE_HOME.",
      detail: { path: stateDir },
    });
  }
}

/** Listens there; throws `publisher-running` if a publisher already does. */
const takePlace = (server: Server, path: string): Promise<void> =>
  listenOnSocket(
    server,
    path,
    () => new PodtrustError("publisher-running", `another publisher answers on ${path}`),
  );

/** The path of the socket in a state directory, which is created if missing. */
async function madePath(stateDir: string): Promise<string> {
  const path = controlPath(stateDir);
  const problem = socketPathProblem(path);
  if (problem !== undefined) {
    const sentence = `the control socket's path ${path} cannot be used: ${problem}`;
    const next = "Choose a state directory with a shorter name.";
    throw new PodtrustError("publisher-listen", sentence, { next });
  }
  await makeFolder(stateDir);
  return path;
}

/**
 * Works on a state directory while no publisher uses it: none runs, and none can start meanwhile, since this process
 * holds its socket. Throws `publisher-running`, and what the work throws.
 */
export async function whileStopped<Result>(stateDir: string, work: () => Promise<Result>): Promise<Result> {
  const path = await madePath(stateDir);
  const error = new PodtrustError("publisher-not-running", "the publisher's state is being restored");
  const refusal = (): LocalReply => json({ error }, 503);
  const server = localServer(() => Promise.resolve(refusal()), refusal);
  await takePlace(server, path);
  try {
    return await work();
  } finally {
    await drainServer(server);
  }
}

async function openSocket(stateDir: string, publisher: Controlled): Promise<OpenedSocket> {
  const path = await madePath(stateDir);
  const server = localServer(
    (exchange) => answer(exchange, publisher),
    (error) => json({ error: asPodtrustError(error) }, 400),
  );
  try {
    await takePlace(server, path);
    return { server };
  } catch (cause) {
    if (cause instanceof PodtrustError) throw cause;
    const sentence = `the control socket ${path} could not be opened: ${errorText(cause)}`;
    if (!readOnly.has(fileCode(cause))) {
      const next = "Look at what is in that place, or name another state directory.";
      throw new PodtrustError("publisher-listen", sentence, { cause, next });
    }
    // Serving does not depend on it, and what the folder holds is good.
    return { trouble: `${sentence}; rotate cannot reach this publisher, and nothing new is kept.` };
  }
}

/** How other processes of the same user reach a publisher: a socket in each state directory. */
export class ControlSockets implements GenerationPart {
  readonly #publisher: Controlled;
  readonly #logger: Logger;
  readonly #pool = new Pool<OpenedSocket>(async ({ server }) => {
    if (server !== undefined) await drainServer(server);
  });

  constructor(publisher: Controlled, logger: Logger) {
    this.#publisher = publisher;
    this.#logger = logger;
  }

  /** Why a state directory has no socket, in sentences. */
  get troubles(): readonly string[] {
    return this.#pool.held.flatMap(({ trouble }) => trouble ?? []);
  }

  /** Throws `publisher-running`, `publisher-listen`, `state-permissions` or `file-unwritable`. */
  async prepare({ issuers }: GenerationSpec): Promise<void> {
    for (const { stateDir } of issuers)
      await this.#pool.take(stateDir, () => openSocket(stateDir, this.#publisher));
  }

  async commit(): Promise<void> {
    const { fresh, gone } = this.#pool.commit();
    for (const { trouble } of fresh) if (trouble !== undefined) this.#logger.warn(trouble);
    await Promise.all(gone.map(async ({ server }) => server && drainServer(server)));
  }

  cancel(): Promise<void> {
    return this.#pool.cancel();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
