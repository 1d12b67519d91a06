import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { type JsonRecord, PodtrustError, recordOf, until } from "../../core/base/index.ts";
import { jsonBody, jsonOf, request } from "../../core/http/index.ts";
import { startIssuerProxy } from "./issuer-proxy.ts";
import type { PartySetup } from "./party.ts";

/** The part of a place that starting the server needs. */
export type ServerSetup = Pick<PartySetup, "path" | "signal"> & {
  readonly environment: Pick<PartySetup["environment"], "folder" | "connectTo" | "clock">;
};

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

/** The program `bao` of a PATH; undefined if there is none. */
export function programIn(path: string): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, "bao")).find((file) => existsSync(file));
}

/** A port that is free now: the server has to be given one. Until it listens, another process may take it. */
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

/** The program as it runs. */
interface Running {
  readonly hasEnded: () => boolean;
  /** The end of its output. */
  readonly words: () => string;
  end(): Promise<void>;
}

function run(program: string, port: number, env: Readonly<Record<string, string>>): Running {
  const words = ["server", "-dev", "-dev-no-store-token", `-dev-listen-address=127.0.0.1:${port}`];
  const child = spawn(program, words, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-4000)));
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  }).then(() => void (hasEnded = true));
  return {
    hasEnded: () => hasEnded,
    words: () => said,
    async end() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilItAnswers(
  { ask, rootToken }: StartedOpenBao,
  hasEnded: () => boolean,
  { environment: { clock }, signal }: ServerSetup,
): Promise<void> {
  await until<true>({
    clock,
    withinMs: 30_000,
    delays: [100],
    signal,
    async look() {
      if (hasEnded()) throw new PodtrustError("demo-not-ready", "bao server ended before it answered");
      // Another process's server at this port does not know the token.
      const { status } = await ask("auth/token/lookup-self", rootToken).catch(() => ({ status: 0 }));
      return status === 200 ? { is: true } : { waitsFor: "OpenBao's server starts" };
    },
    late: () => new PodtrustError("demo-not-ready", "bao server does not answer"),
  });
}

/** Starts it once, on a port that was free a moment ago; undefined if another process has taken it since. */
async function startOnce(
  program: string,
  proxy: string,
  setup: ServerSetup,
): Promise<StartedOpenBao | undefined> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const rootToken = randomBytes(24).toString("base64url");
  // The token is in no command line, which others on this machine could read.
  const env = {
    PATH: setup.path,
    HOME: setup.environment.folder,
    HTTPS_PROXY: proxy,
    BAO_DEV_ROOT_TOKEN_ID: rootToken,
  };
  const running = run(program, port, env);
  const server: StartedOpenBao = {
    address,
    rootToken,
    async ask(where, token, body) {
      const { headers, ...content } = jsonBody(body);
      const answer = await request(`${address}/v1/${where}`, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          "x-vault-request": "true",
          ...(token === "" ? {} : { "x-vault-token": token }),
          ...headers,
        },
        ...content,
        allowPlainHttp: true,
        signal: setup.signal,
      });
      return { status: answer.status, body: recordOf(jsonOf(answer)) };
    },
    close: () => running.end(),
  };
  try {
    await untilItAnswers(server, running.hasEnded, setup);
    return server;
  } catch (error) {
    const isTaken = running.hasEnded() && /address already in use/u.test(running.words());
    await running.end();
    if (isTaken) return undefined;
    throw error;
  }
}

const maxStarts = 5;

/** Starts `program` as a server that reaches the issuer on this machine. Throws `demo-not-ready`. */
export async function startOpenBao(program: string, setup: ServerSetup): Promise<StartedOpenBao> {
  const proxy = await startIssuerProxy(setup.environment.connectTo);
  try {
    for (let starts = 0; starts < maxStarts; starts += 1) {
      const server = await startOnce(program, proxy.url, setup);
      if (server === undefined) continue;
      const close = async (): Promise<void> => {
        await server.close();
        await proxy.close();
      };
      return { ...server, close };
    }
    throw new PodtrustError("demo-not-ready", `bao server found its port taken ${maxStarts} times`);
  } catch (error) {
    await proxy.close();
    throw error;
  }
}
