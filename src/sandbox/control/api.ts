import { asPodtrustError, defined, PodtrustError } from "../../core/base/index.ts";
import { sameSecret } from "../listener/index.ts";
import { hostAllowed, isLoopback, oneHost } from "../../core/http/index.ts";
import { type Control, controlPath, type PageResponse, type WireRequest } from "../aws/index.ts";
import type { ControlledAccount, Controls } from "./controls.ts";
import type { ControlRoute } from "./route.ts";
import { controlRoutes } from "./routes.ts";
import { refuseRequest } from "./token-request.ts";

export interface ControlOptions {
  /** The token that authorizes control of the sandbox. */
  readonly token: string;
  /** Whether clients on other machines are accepted too, for containers. */
  readonly fromAnywhere: boolean;
  /** Read at each request. */
  readonly controls: () => Controls;
}

const headers = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};

function reply(status: number, body: object): PageResponse {
  return { status, headers, body: `${JSON.stringify(body)}\n` };
}

function hasToken({ headers: sent }: WireRequest, token: string): boolean {
  const shown = /^Bearer ([^\s]{1,200})$/iu.exec(sent["authorization"]?.[0] ?? "")?.[1] ?? "";
  return sameSecret(shown, token);
}

const denied = (message: string, next?: string): PodtrustError =>
  new PodtrustError("sandbox-control-denied", message, defined({ next }));

/** The destination of a request: a route's path, and the account that it names. */
interface Destination {
  readonly path: string;
  readonly account: string | undefined;
}

function destinationOf({ target }: WireRequest): Destination {
  const path = target.slice(controlPath.length).split("?", 1)[0] ?? "";
  const [, account, rest] = /^accounts\/(\d{12})(?:\/(.*))?$/u.exec(path) ?? [];
  return { path: account === undefined ? path : (rest ?? "accounts/ID"), account };
}

/** Finds the route; a refusal names the unknown path or method. */
function routeOf({ method }: WireRequest, { path, account }: Destination): ControlRoute {
  const known = controlRoutes.filter(
    (route) => account === undefined || route.whole !== true || route.path === "accounts/ID",
  );
  const there = known.filter((route) => route.path === path);
  const shown = `${controlPath}${account === undefined || path === "accounts/ID" ? "" : "accounts/ID/"}${path.slice(0, 100)}`;
  if (there.length === 0)
    return refuseRequest(
      `there is nothing at ${shown}`,
      `There are ${[...new Set(known.map((route) => route.path))].join(", ")}.`,
    );
  const route = there.find((one) => one.method === method);
  return (
    route ??
    refuseRequest(
      `${shown} does not take ${method}`,
      `It takes ${there.map((one) => one.method).join(", ")}.`,
    )
  );
}

/** The account that is meant: the sandbox's first, unless the path has another one's number. */
function accountOf(sandbox: Controls, { account, path }: Destination): ControlledAccount {
  if (account === undefined || account === sandbox.account) {
    // It is the sandbox itself, which ends with its process.
    if (path === "accounts/ID") refuseRequest("the sandbox's first account ends with the sandbox");
    return sandbox;
  }
  return (
    sandbox.find(account) ??
    refuseRequest(`the sandbox has no account ${account}`, "POST accounts makes one, and says its number.")
  );
}

function bodyOf({ body }: WireRequest): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return refuseRequest("the body is not JSON");
  }
}

async function answered(request: WireRequest, address: string, options: ControlOptions): Promise<object> {
  const host = oneHost({ headersDistinct: request.headers });
  const isLocal = isLoopback(address) && hostAllowed(host, "127.0.0.1");
  if (!isLocal && !options.fromAnywhere)
    throw denied("the sandbox is controlled from its own machine alone", "Ask it at 127.0.0.1.");
  const isAuthorized = hasToken(request, options.token);
  const open = controlRoutes.find(
    ({ path, open: isOpen }) => isOpen === true && request.target === `${controlPath}${path}`,
  );
  if (!isAuthorized && open === undefined) throw denied("the control token is missing or wrong");
  const query = new URLSearchParams(request.target.split("?", 2)[1] ?? "");
  const destination = destinationOf(request);
  const route = routeOf(request, destination);
  const sandbox = options.controls();
  return route.run(accountOf(sandbox, destination), { sandbox, query, body: bodyOf(request) });
}

const statuses: Readonly<Record<string, number>> = {
  usage: 400,
  "sandbox-control-denied": 401,
  "sandbox-control-request": 400,
  "sandbox-seed": 422,
  "issuer-invalid": 422,
};

/** The control API of a sandbox: for programs on this machine that have its token. */
export function controlApi(options: ControlOptions): Control {
  return async (request, address) => {
    try {
      return reply(200, await answered(request, address, options));
    } catch (thrown) {
      const error = asPodtrustError(thrown);
      return reply(statuses[error.code] ?? 500, { error });
    }
  };
}
