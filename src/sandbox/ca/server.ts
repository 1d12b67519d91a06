import type { ServerResponse } from "node:http";
import { defined, errorText, mapped } from "../../core/base/index.ts";
import type { CertificateAndKey } from "../authority/index.ts";
import { BodyRefused, type Exchange as HttpExchange } from "../../core/listener/index.ts";
import { type HttpListener, openListener } from "../listener/index.ts";
import { accountOrders, keyChange, newAccount, updateAccount } from "./accounts.ts";
import { finalize, readCertificate, renewalInfo, revoke } from "./certificates.ts";
import { type AcmeExchange, type AllowedSigner, verifiedExchange } from "./exchange.ts";
import { beginChallenge, newOrder, readAuthorization, readOrder } from "./orders.ts";
import { Problem } from "./problem.ts";
import { directory } from "./show.ts";
import type { CaState } from "./state.ts";
import type { CaAnswer, CaFault, CaResource } from "./types.ts";

type Post = (state: CaState, exchange: AcmeExchange, id: string) => CaAnswer | Promise<CaAnswer>;

interface Route {
  readonly resource: CaResource;
  readonly path: RegExp;
  readonly signer?: AllowedSigner;
  readonly post?: Post;
  readonly get?: (state: CaState, id: string) => CaAnswer;
}

const routes: readonly Route[] = [
  {
    resource: "directory",
    path: /^\/directory$/u,
    get: (state) => ({ status: 200, body: directory(state) }),
  },
  { resource: "newNonce", path: /^\/new-nonce$/u, get: () => ({ status: 204 }) },
  { resource: "newAccount", path: /^\/new-account$/u, signer: "key", post: newAccount },
  { resource: "newOrder", path: /^\/new-order$/u, signer: "account", post: newOrder },
  { resource: "account", path: /^\/account\/([\w-]+)\/orders$/u, signer: "account", post: accountOrders },
  { resource: "account", path: /^\/account\/([\w-]+)$/u, signer: "account", post: updateAccount },
  { resource: "finalize", path: /^\/order\/([\w-]+)\/finalize$/u, signer: "account", post: finalize },
  { resource: "order", path: /^\/order\/([\w-]+)$/u, signer: "account", post: readOrder },
  {
    resource: "authorization",
    path: /^\/authorization\/([\w-]+)$/u,
    signer: "account",
    post: readAuthorization,
  },
  { resource: "challenge", path: /^\/challenge\/([\w-]+)$/u, signer: "account", post: beginChallenge },
  { resource: "certificate", path: /^\/certificate\/([\w-]+)$/u, signer: "account", post: readCertificate },
  { resource: "revokeCert", path: /^\/revoke-certificate$/u, signer: "either", post: revoke },
  { resource: "keyChange", path: /^\/key-change$/u, signer: "account", post: keyChange },
  { resource: "renewalInfo", path: /^\/renewal-info\/([\w.-]+)$/u, get: renewalInfo },
];

const maxBody = 64 * 1024;

/** The CA's current faults. */
export interface CaFaultState {
  fault: CaFault | undefined;
}

async function readBody(http: HttpExchange): Promise<string> {
  try {
    return (await http.readBody(maxBody)).toString("utf8");
  } catch (error) {
    if (!(error instanceof BodyRefused)) throw error;
    throw new Problem("malformed", error.message, error.status);
  }
}

async function posted(
  state: CaState,
  http: HttpExchange,
  { signer = "account", post }: Route,
  id: string,
): Promise<CaAnswer> {
  const { incoming } = http;
  if (post === undefined) throw new Problem("malformed", "this resource does not take POST", 405);
  if (incoming.headers["content-type"] !== "application/jose+json") {
    throw new Problem("malformed", "the Content-Type of a request is application/jose+json", 415);
  }
  const body = await readBody(http);
  return post(state, verifiedExchange(state, `${state.base}${incoming.url ?? ""}`, body, signer), id);
}

async function respond(state: CaState, http: HttpExchange, route: Route, id: string): Promise<CaAnswer> {
  const { incoming } = http;
  if (incoming.method === "POST") return posted(state, http, route, id);
  if (incoming.method !== "GET" && incoming.method !== "HEAD") {
    throw new Problem("malformed", "only GET, HEAD and POST are taken", 405);
  }
  // RFC 8555 §6.3: everything but directory, newNonce and renewalInfo is read by POST-as-GET.
  if (route.get === undefined) throw new Problem("malformed", "this resource is read by POST-as-GET", 405);
  const reply = route.get(state, id);
  return incoming.method === "HEAD" && reply.status === 204 ? { ...reply, status: 200 } : reply;
}

async function faultyReply(fault: CaFault, answer: () => Promise<CaAnswer>): Promise<CaAnswer> {
  if (fault.what === "lie") {
    const truth = await answer();
    return truth.status < 300 ? fault.lie(truth) : truth;
  }
  const { what, retryAfter } = fault;
  if (what === "nonsense") {
    return { status: 200, body: "<html>It works!</html>", headers: { "content-type": "text/html" } };
  }
  const problem =
    what === "rate-limit"
      ? new Problem("rateLimited", "the stand-in CA simulates a rate limit", 429)
      : new Problem("serverInternal", "the stand-in CA simulates a failure", 500);
  const wait = defined({ "retry-after": mapped(retryAfter, String) });
  const headers = { "content-type": "application/problem+json", ...wait };
  return { status: problem.status, body: problem.toObject(), headers };
}

function problemReply(error: unknown): CaAnswer {
  const problem = error instanceof Problem ? error : new Problem("serverInternal", errorText(error), 500);
  const headers = { "content-type": "application/problem+json" };
  return { status: problem.status, body: problem.toObject(), headers };
}

function write(state: CaState, outgoing: ServerResponse, resource: CaResource, reply: CaAnswer): void {
  const { status, body, headers = {} } = reply;
  const text = typeof body === "object" ? JSON.stringify(body, undefined, 2) : (body ?? "");
  outgoing.writeHead(status, {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(status === 204 ? {} : { "content-length": Buffer.byteLength(text) }),
    "cache-control": "no-store",
    date: new Date(state.clock.now()).toUTCString(),
    "x-podtrust": "stand-in CA",
    // RFC 8555 §6.5 has a nonce with every answer to a POST, errors included; more are harmless.
    ...(resource === "directory" || resource === "renewalInfo"
      ? {}
      : { "replay-nonce": state.nonces.issue() }),
    link: `<${state.base}/directory>;rel="index"`,
    ...headers,
  });
  outgoing.end(outgoing.req.method === "HEAD" ? undefined : text);
}

async function handle(
  { state, faults }: { readonly state: CaState; readonly faults: CaFaultState },
  http: HttpExchange,
): Promise<void> {
  const { incoming, outgoing } = http;
  const path = (incoming.url ?? "").split("?")[0] ?? "";
  const route = routes.find((one) => one.path.test(path));
  if (route === undefined) {
    write(
      state,
      outgoing,
      "directory",
      problemReply(new Problem("malformed", "there is no such resource", 404)),
    );
    return;
  }
  const fault = faults.fault?.at?.includes(route.resource) === false ? undefined : faults.fault;
  if (fault?.what === "hang") return;
  const id = route.path.exec(path)?.[1] ?? "";
  const answer = (): Promise<CaAnswer> => respond(state, http, route, id).catch(problemReply);
  const reply = fault === undefined ? await answer() : await faultyReply(fault, answer);
  state.logger.debug("stand-in CA answered", { resource: route.resource, status: reply.status });
  write(state, outgoing, route.resource, reply);
}

/** Starts the HTTPS server of a stand-in CA, on loopback. */
export function openCaServer(
  tls: CertificateAndKey,
  port: number,
  { state, faults }: { readonly state: CaState; readonly faults: CaFaultState },
): Promise<HttpListener> {
  return openListener({
    address: "127.0.0.1",
    port,
    tls: { cert: tls.certificate, key: tls.key },
    onExchange(http) {
      handle({ state, faults }, http).catch((error: unknown) => {
        state.logger.warn("stand-in CA: a request failed", { error: errorText(error) });
        http.outgoing.destroy();
      });
    },
  });
}
