import type { ServerResponse } from "node:http";
import { ChildAbort, errorText, type Logger } from "../../core/base/index.ts";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import { closeListener, openListener } from "../listener/index.ts";
import { bearerOf } from "./access.ts";
import { Call, type Reply, type WireCall } from "./call.ts";
import { decisionOf, type DecisionTrail, type GoogleDecision } from "./decisions.ts";
import type { Project } from "./project.ts";
import { GoogleRefusal, permissionDenied, refusal, scopeInsufficient } from "./refusal.ts";
import { type Route, routes } from "./routes.ts";
import { callerName } from "./tokens.ts";

export interface ServerOptions {
  readonly project: Project;
  readonly listen: string;
  readonly port: number;
  readonly logger: Logger;
  readonly onDecision: (decision: GoogleDecision) => void;
}

export interface GoogleServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The largest body that is read, in bytes: a JWK Set of eight keys and a policy of 1,500 members are far below. */
const maxBody = 512 * 1024;

/** A path without its percent-encoding; undefined for one that has none which can be read. */
function decodedPath(target: string): string | undefined {
  try {
    return decodeURIComponent(target.split("?", 1)[0] ?? "");
  } catch {
    return undefined;
  }
}

interface Destination {
  readonly route: Route;
  readonly names: Readonly<Record<string, string>>;
}

/** Where a request goes. Throws NOT_FOUND, which names the path. */
function destinationOf({ method, path }: WireCall): Destination {
  for (const route of routes) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { route, names: match.groups ?? {} };
  }
  throw refusal("NOT_FOUND", "Method not found.", {
    rule: "method-known",
    why: `${method} ${path.slice(0, 200)} is nothing that this stand-in answers`,
    next: "docs/reference/sandbox-gcp.md lists what it answers.",
  });
}

/** Throws for a project that is not there; IAM Credentials takes `-` for any. */
function checkProject(project: Project, { names, route }: Destination): void {
  const { project: named } = names;
  if (named === undefined || project.isMeant(named)) return;
  if (named === "-" && /:(?:serviceAccounts\.|generateAccessToken$)/u.test(route.action)) return;
  throw permissionDenied(route.action, `projects/${named}`, undefined, {
    why: `there is no project ${named} here`,
    next: `The project is ${project.settings.project}, its number ${project.settings.projectNumber}.`,
  });
}

async function perform(project: Project, wire: WireCall, trail: DecisionTrail, now: number): Promise<Reply> {
  const destination = destinationOf(wire);
  const { route, names } = destination;
  Object.assign(trail, { action: route.action });
  project.purge();
  const known = { names, now, trail };
  if (route.scopes === undefined) return route.run(new Call(project, wire, { ...known, caller: undefined }));
  const { caller, scopes } = bearerOf(project, wire.headers["authorization"]?.[0], now);
  trail.who = callerName(caller);
  checkProject(project, destination);
  const { scopes: wanted } = route;
  if (!wanted.some((scope) => scopes.includes(scope))) throw scopeInsufficient(wanted);
  return route.run(new Call(project, wire, { ...known, caller }));
}

/** What was thrown as an answer: a refusal, or a fault of ours. */
function refusalOf(thrown: unknown, logger: Logger): GoogleRefusal {
  if (thrown instanceof GoogleRefusal) return thrown;
  if (thrown instanceof BodyRefused)
    return refusal("INVALID_ARGUMENT", thrown.message, { rule: "request-bounded" });
  logger.error("the stand-in for Google failed in a way it should not", { error: errorText(thrown) });
  return refusal("INTERNAL", "Internal error encountered.", { rule: "no-fault" });
}

async function replyTo(exchange: Exchange, options: ServerOptions, signal: AbortSignal): Promise<Reply> {
  const { project, logger, onDecision } = options;
  const { incoming } = exchange;
  const { method = "GET", url = "/" } = incoming;
  const now = project.clock.now();
  const path = decodedPath(url);
  const trail: DecisionTrail = {
    action: `${method} ${path ?? url}`,
    who: "anonymous",
    asked: false,
    rule: "admin",
  };
  try {
    const body = await exchange.readBody(maxBody);
    const query = new URLSearchParams(url.split("?", 2)[1] ?? "");
    const headers = incoming.headersDistinct;
    const wire = { method, path: path ?? url, query, headers, body, signal };
    const reply = await perform(project, wire, trail, now);
    onDecision(decisionOf(trail, now, undefined));
    return reply;
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const refused = refusalOf(thrown, logger);
    onDecision(decisionOf(trail, now, refused));
    return refused;
  }
}

function send(outgoing: ServerResponse, { status, body }: Reply, date: number): void {
  const text = JSON.stringify(body);
  outgoing.writeHead(status, {
    "content-type": "application/json; charset=UTF-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    date: new Date(date).toUTCString(),
    "x-podtrust": "stand-in Google Cloud",
  });
  outgoing.end(text);
}

/** The one HTTP port of the stand-in: IAM, STS, IAM Credentials, Secret Manager and the project's own policy. */
export async function openServer(options: ServerOptions): Promise<GoogleServer> {
  const closing = new AbortController();
  const running = new Set<Promise<void>>();
  const listener = await openListener({
    address: options.listen,
    port: options.port,
    onExchange(exchange) {
      const either = new ChildAbort(closing.signal, exchange.over);
      const work = replyTo(exchange, options, either.signal)
        .then((reply) => send(exchange.outgoing, reply, options.project.clock.now()))
        // The client broke off, or the stand-in closes: nothing can be said any more.
        .catch(() => void exchange.outgoing.destroy())
        .finally(() => {
          either.release();
          running.delete(work);
        });
      running.add(work);
    },
  });
  const host = options.listen.includes(":") ? `[${options.listen}]` : options.listen;
  return {
    url: `http://${host}:${listener.port}`,
    async close() {
      closing.abort(new Error("the sandbox is closing"));
      listener.server.closeIdleConnections();
      await Promise.allSettled(running);
      await closeListener(listener);
    },
  };
}
