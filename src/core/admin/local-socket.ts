import { once } from "node:events";
import { chmod, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect, type Server } from "node:net";
import { collectBytes, type PodtrustError } from "../base/index.ts";
import { fileCode } from "../files/index.ts";

// As in local-server.ts: an `import` of node:http costs a daemon 11 MB.
const { request } = process.getBuiltinModule("node:http");

// sun_path of sockaddr_un has 108 bytes on Linux, 104 elsewhere, a final zero included.
const maxPath = 103;
const timeout = 5000;
const maxAnswer = 4 * 1024 * 1024;

/** Why a path is too long for a unix socket; undefined for one that is not. */
export function socketPathProblem(path: string): string | undefined {
  return Buffer.byteLength(path) > maxPath ? `it is longer than ${maxPath} bytes` : undefined;
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

/**
 * Listens on a unix socket of mode 0600, in a folder that no other user may enter. The socket of a dead process is
 * replaced; for that of a living one, the error that `busy` returns is thrown. Also throws what node:net throws.
 */
export async function listenOnSocket(server: Server, path: string, busy: () => PodtrustError): Promise<void> {
  try {
    await bind(server, path);
  } catch (error) {
    if (fileCode(error) !== "EADDRINUSE") throw error;
    if (await answers(path)) throw busy();
    await rm(path, { force: true });
    await bind(server, path);
  }
}

/**
 * Asks a daemon on its control socket and returns its JSON answer. `timeoutMs`: 5000 by default. Throws what node:http
 * throws, and a SyntaxError.
 */
export async function askSocket(
  socketPath: string,
  {
    method,
    path,
    body,
    timeoutMs = timeout,
  }: {
    readonly method: string;
    readonly path: string;
    readonly body?: object | undefined;
    readonly timeoutMs?: number;
  },
): Promise<unknown> {
  const signal = AbortSignal.timeout(timeoutMs);
  const outgoing = request({ socketPath, method, path, host: "podtrust", agent: false, signal });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const answer = await collectBytes(response as AsyncIterable<Buffer>, maxAnswer);
  return JSON.parse(answer.toString("utf8"));
}
