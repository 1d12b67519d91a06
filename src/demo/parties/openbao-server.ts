import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { type Clock, type JsonRecord, PodtrustError, recordOf, until } from "../../core/base/index.ts";
import { jsonOf, request } from "../../core/http/index.ts";
import { startIssuerProxy } from "./issuer-proxy.ts";
import type { PartyPlace } from "./party.ts";

/** What a server answered: the JSON of its body, empty where there is none. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: JsonRecord;
}

/** OpenBao's own server, in memory. */
export interface StartedOpenBao {
  readonly address: string;
  /** May do everything there, until the server ends. */
  readonly rootToken: string;
  /** Asks for a path below `/v1/`, with a token or none; a body is sent by POST. */
  readonly ask: (path: string, token: string, body?: object) => Promise<ServerAnswer>;
  close(): Promise<void>;
}

/** The program `bao` of a PATH; undefined where there is none. */
export function programIn(path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, "bao")).find((file) => existsSync(file));
}

/** A port that is free now: the server has to be told one. */
async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, "close");
  probe.close();
  await closed;
  return port;
}

async function untilItAnswers(
  ask: StartedOpenBao["ask"],
  hasEnded: () => boolean,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  await until<true>({
    clock,
    withinMs: 30_000,
    delays: [100],
    signal,
    async look() {
      if (hasEnded()) throw new PodtrustError("demo-not-ready", "bao server ended before it answered");
      const { status } = await ask("sys/health", "").catch(() => ({ status: 0 }));
      return status === 200 ? { is: true } : { waitsFor: "OpenBao's server starts" };
    },
    late: () => new PodtrustError("demo-not-ready", "bao server does not answer"),
  });
}

/** Starts `program` as a server whose way to the issuer leads to this machine. Throws `demo-not-ready`. */
export async function startOpenBao(
  program: string,
  { environment, path, signal }: PartyPlace,
): Promise<StartedOpenBao> {
  const { folder, connectTo, clock } = environment;
  const proxy = await startIssuerProxy(connectTo);
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const rootToken = randomBytes(24).toString("base64url");
  // The token is in no command line, which others on this machine could read.
  const env = { PATH: path, HOME: folder, HTTPS_PROXY: proxy.url, BAO_DEV_ROOT_TOKEN_ID: rootToken };
  const words = ["server", "-dev", "-dev-no-store-token", `-dev-listen-address=127.0.0.1:${port}`];
  const child = spawn(program, words, { env, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const server: StartedOpenBao = {
    address,
    rootToken,
    async ask(where, token, body) {
      const answer = await request(`${address}/v1/${where}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          "x-vault-request": "true",
          ...(token === "" ? {} : { "x-vault-token": token }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        allowPlainHttp: true,
        signal,
      });
      return { status: answer.status, body: recordOf(jsonOf(answer)) };
    },
    async close() {
      child.kill("SIGKILL");
      await ended;
      await proxy.close();
    },
  };
  try {
    await untilItAnswers(server.ask, () => hasEnded, { clock, signal });
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}
