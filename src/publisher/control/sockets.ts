import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { asPodtrustError, errorText, type JsonRecord, PodtrustError, recordOf } from "../../base/index.ts";
import { StateFolder } from "../../files/index.ts";
import { json, line, type LocalReply, localServer } from "../admin/local-server.ts";
import type { Part, Wanted } from "../generation.ts";
import { Pool } from "../pool.ts";
import type { Publisher } from "../publisher.ts";
import { drainServer } from "../serving/listener.ts";

type Controlled = Pick<Publisher, "status" | "distrust" | "trust">;

/** Where the socket is in a state directory. */
export function controlPath(stateDir: string): string {
  return join(stateDir, "publisher.sock");
}

// sun_path of sockaddr_un has 108 bytes on Linux, 104 elsewhere, a final zero included.
const longestPath = 103;
const largestRequest = 8 * 1024;

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > largestRequest)
      throw new PodtrustError("usage", `a request has more than ${largestRequest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

interface Asked {
  readonly kid: string;
  readonly stack?: string;
  readonly force: boolean;
}

async function readAsked(request: IncomingMessage): Promise<Asked> {
  let asked: JsonRecord;
  try {
    asked = recordOf(JSON.parse(await readBody(request)));
  } catch (cause) {
    throw new PodtrustError("usage", "a request is not JSON", { cause });
  }
  const { kid, stack, force = false } = asked;
  if (typeof kid !== "string" || kid === "" || typeof force !== "boolean")
    throw new PodtrustError("usage", 'a request is not {"kid", "stack", "force"}');
  if (stack === undefined) return { kid, force };
  if (typeof stack !== "string") throw new PodtrustError("usage", "the stack is not a text");
  return { kid, stack, force };
}

async function answer(request: IncomingMessage, publisher: Controlled): Promise<LocalReply> {
  const what = `${request.method ?? ""} ${request.url ?? ""}`;
  if (what === "GET /status") return json(publisher.status());
  if (what !== "POST /distrust" && what !== "POST /trust") return line("404 Not Found", 404);
  const { kid, ...options } = await readAsked(request);
  return json(
    what === "POST /trust" ? await publisher.trust(kid, options) : await publisher.distrust(kid, options),
  );
}

/** Whether a process answers there. */
async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function bind(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
}

/** Opens one socket; a file left by a process that died is replaced, a living one's is not. */
async function openSocket(stateDir: string, publisher: Controlled): Promise<Server> {
  const path = controlPath(stateDir);
  if (Buffer.byteLength(path) > longestPath) {
    throw new PodtrustError(
      "publisher-listen",
      `the control socket's path is longer than ${longestPath} bytes: ${path}`,
      {
        next: "Choose a state directory with a shorter name.",
      },
    );
  }
  await new StateFolder(stateDir).make();
  const server = localServer(
    (request) => answer(request, publisher),
    (error) => json({ error: asPodtrustError(error) }, 400),
  );
  try {
    await bind(server, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      if (await answers(path)) {
        throw new PodtrustError("publisher-running", `another publisher answers on ${path}`, {
          cause: error,
        });
      }
      await rm(path, { force: true });
      await bind(server, path);
    });
  } catch (cause) {
    if (cause instanceof PodtrustError) throw cause;
    const sentence = `the control socket ${path} could not be opened: ${errorText(cause)}`;
    throw new PodtrustError("publisher-listen", sentence, { cause });
  }
  return server;
}

/** By which other processes of the same user speak to a publisher: a socket in each state directory. */
export class ControlSockets implements Part {
  readonly #publisher: Controlled;
  readonly #pool = new Pool<Server>(drainServer);

  constructor(publisher: Controlled) {
    this.#publisher = publisher;
  }

  /** Throws `publisher-running` or `publisher-listen`. */
  async prepare({ issuers }: Wanted): Promise<void> {
    for (const { stateDir } of issuers)
      await this.#pool.take(stateDir, () => openSocket(stateDir, this.#publisher));
  }

  async commit(): Promise<void> {
    await Promise.all(this.#pool.commit().gone.map(drainServer));
  }

  cancel(): Promise<void> {
    return this.#pool.cancel();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
