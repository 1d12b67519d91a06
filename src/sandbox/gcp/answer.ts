import { errorText, type Logger } from "../../core/base/index.ts";
import { bearerOf } from "./access.ts";
import { ApiCall, type ApiReply, type WireCall } from "./call.ts";
import { decisionOf, type DecisionTrail, type GoogleDecision } from "./decisions.ts";
import type { Project } from "./project.ts";
import { GoogleRefusal, permissionDenied, refusal, scopeInsufficient } from "./refusal.ts";
import { type ApiMethod, routes } from "./routes.ts";
import { callerName } from "./tokens.ts";

/** What requests are answered from, and where decisions are reported. */
export interface Answering {
  readonly project: Project;
  readonly logger: Logger;
  readonly onDecision: (decision: GoogleDecision) => void;
}

/** A path, percent-decoded; verbatim if it is malformed, and then it matches no route. */
function decodedPath({ pathname }: URL): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}

interface Destination {
  readonly route: ApiMethod;
  readonly names: Readonly<Record<string, string>>;
}

/** The route of a request. Throws NOT_FOUND, which names the path. */
function destinationOf({ method, url, service }: WireCall): Destination {
  const path = decodedPath(url);
  for (const route of routes) {
    const isOfHost = service === undefined || route.action.startsWith(`${service}:`);
    const match = isOfHost && route.method === method ? route.path.exec(path) : null;
    if (match !== null) return { route, names: match.groups ?? {} };
  }
  throw refusal("NOT_FOUND", "Method not found.", {
    rule: "method-known",
    why: `${method} ${path.slice(0, 200)} is nothing that this stand-in answers`,
    next: "docs/reference/sandbox-gcp.md lists what it answers.",
  });
}

/** Throws for an unknown project; IAM Credentials accepts `-` for any. */
function checkProject(project: Project, { names, route }: Destination): void {
  const { project: named } = names;
  if (named === undefined || project.isMeant(named)) return;
  if (named === "-" && /:(?:serviceAccounts\.|generateAccessToken$)/u.test(route.action)) return;
  throw permissionDenied(route.action, `projects/${named}`, undefined, {
    why: `there is no project ${named} here`,
    next: `The project is ${project.settings.project}, its number ${project.settings.projectNumber}.`,
  });
}

async function perform(
  project: Project,
  wire: WireCall,
  trail: DecisionTrail,
  now: number,
): Promise<ApiReply> {
  const destination = destinationOf(wire);
  const { route, names } = destination;
  Object.assign(trail, { action: route.action });
  project.purge();
  const known = { names, now, trail };
  if (route.scopes === undefined)
    return route.run(new ApiCall(project, wire, { ...known, caller: undefined }));
  const { caller, scopes } = bearerOf(project, wire.headers["authorization"], now);
  trail.who = callerName(caller);
  checkProject(project, destination);
  const { scopes: wanted } = route;
  if (!wanted.some((scope) => scopes.includes(scope))) throw scopeInsufficient(wanted);
  return route.run(new ApiCall(project, wire, { ...known, caller }));
}

/** A thrown value as an answer: a refusal, or a fault of ours. */
function refusalOf(thrown: unknown, logger: Logger): GoogleRefusal {
  if (thrown instanceof GoogleRefusal) return thrown;
  logger.error("the stand-in for Google failed in a way it should not", { error: errorText(thrown) });
  return refusal("INTERNAL", "Internal error encountered.", { rule: "no-fault" });
}

/** Answers one request to any of Google's hosts, and records its decision. Rejects if the client has gone. */
export async function answerCall(wire: WireCall, answering: Answering): Promise<ApiReply> {
  const { project, logger, onDecision } = answering;
  const now = project.clock.now();
  const action = `${wire.method} ${wire.url.pathname}`;
  const trail: DecisionTrail = { action, who: "anonymous", asked: false, rule: "admin" };
  try {
    const reply = await perform(project, wire, trail, now);
    onDecision(decisionOf(trail, now, undefined));
    return reply;
  } catch (thrown) {
    if (wire.signal.aborted) throw thrown;
    const refused = refusalOf(thrown, logger);
    onDecision(decisionOf(trail, now, refused));
    return refused;
  }
}
