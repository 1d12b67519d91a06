import { AwsError } from "./error.ts";
import { formPairs, formParams } from "./form.ts";
import { headerOf, type WireRequest } from "./gate.ts";
import type { Action, Service } from "./service.ts";
import type { RawRecord } from "./value.ts";

/** Which operation a request is for, with its parameters still raw. */
export interface Route {
  readonly service: Service;
  readonly name: string;
  readonly action: Action;
  readonly params: RawRecord;
}

/** A refusal before any operation was found, with what is known of where it was going. */
export class RouteError extends AwsError {
  readonly protocol: Service["protocol"];
  readonly service: Service | undefined;
  readonly operation: string;

  constructor(
    found: { protocol: Service["protocol"]; service?: Service; operation: string },
    refusal: { code: string; message: string; status?: number; rule: string },
  ) {
    super(refusal.code, refusal.message, { status: refusal.status ?? 400, rule: refusal.rule });
    this.protocol = found.protocol;
    this.service = found.service;
    this.operation = found.operation;
  }
}

function actionOf(service: Service, name: string): Action {
  const action = Object.hasOwn(service.actions, name) ? service.actions[name] : undefined;
  if (action !== undefined) return action;
  throw new RouteError(
    { protocol: service.protocol, service, operation: name },
    {
      code: "InvalidAction",
      message: `Could not find operation ${name} for version ${service.version}: this sandbox does not implement ${service.name}:${name}`,
      rule: "action-implemented",
    },
  );
}

function jsonRoute(services: readonly Service[], target: string, request: WireRequest): Route {
  const dot = target.lastIndexOf(".");
  const prefix = target.slice(0, Math.max(dot, 0));
  const name = target.slice(dot + 1);
  const service = services.find((one) => one.protocol === "json" && one.namespace === prefix);
  if (service === undefined) {
    throw new RouteError(
      { protocol: "json", operation: name },
      {
        code: "InvalidAction",
        message: `Could not find operation ${name}: this sandbox does not implement the service of ${target}`,
        rule: "service-implemented",
      },
    );
  }
  const action = actionOf(service, name);
  return { service, name, action, params: jsonParams(service, name, request.body) };
}

function jsonParams(service: Service, operation: string, body: Uint8Array): RawRecord {
  let parsed: unknown;
  try {
    parsed = body.length === 0 ? {} : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    parsed = undefined;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new RouteError(
      { protocol: "json", service, operation },
      {
        code: "SerializationException",
        message: "The body is not a JSON object",
        rule: "request-well-formed",
      },
    );
  }
  return parsed as RawRecord;
}

function queryRoute(services: readonly Service[], pairs: readonly [string, string][]): Route {
  const fields = new Map(pairs);
  const name = fields.get("Action") ?? "";
  const version = fields.get("Version");
  const speaking = services.filter((one) => one.protocol === "query");
  const service =
    version === undefined
      ? speaking.find((one) => Object.hasOwn(one.actions, name))
      : speaking.find((one) => one.version === version);
  if (name === "") {
    throw new RouteError(
      { protocol: "query", operation: "" },
      { code: "MissingAction", message: "The request names no Action", rule: "action-named" },
    );
  }
  if (service === undefined) {
    const said = version ?? "NO_VERSION_SPECIFIED";
    throw new RouteError(
      { protocol: "query", operation: name },
      {
        code: "InvalidAction",
        message: `Could not find operation ${name} for version ${said}: this sandbox implements ${speaking.map((one) => `${one.name} ${one.version}`).join(", ")}`,
        rule: "service-implemented",
      },
    );
  }
  return { service, name, action: actionOf(service, name), params: formParams(pairs) };
}

/** True for what the web page answers: a GET or HEAD that names no operation. */
export function isPageRequest(request: WireRequest): boolean {
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  return headerOf(request, "x-amz-target") === undefined && !/[?&]Action=/u.test(request.target);
}

function refuseOtherProtocols(request: WireRequest): void {
  const other = headerOf(request, "smithy-protocol");
  if (other === undefined) return;
  throw new RouteError(
    { protocol: "query", operation: request.target.split("/").at(-1) ?? "" },
    {
      code: "InvalidAction",
      message: `This sandbox speaks the AWS query protocol and AWS JSON 1.1, not ${other}`,
      rule: "protocol-spoken",
    },
  );
}

/** Finds the operation of a request; throws a RouteError that says by name what is not implemented. */
export function routeRequest(services: readonly Service[], request: WireRequest): Route {
  refuseOtherProtocols(request);
  if (request.method !== "POST" && request.method !== "GET") {
    throw new RouteError(
      { protocol: "query", operation: "" },
      {
        code: "InvalidAction",
        message: `No operation is called by ${request.method}`,
        status: 405,
        rule: "method-known",
      },
    );
  }
  const target = headerOf(request, "x-amz-target");
  if (target !== undefined) return jsonRoute(services, target, request);
  const query = request.target.includes("?") ? request.target.slice(request.target.indexOf("?") + 1) : "";
  const body = Buffer.from(request.body).toString("utf8");
  return queryRoute(services, [...formPairs(query), ...formPairs(body)]);
}
