import { isRecord } from "../../../core/base/index.ts";
import { AwsError } from "./error.ts";
import { claimedService, foreignForm, isAwsCall, namesAction, queryOf } from "./foreign.ts";
import { formPairs, formParams } from "./form.ts";
import { headerOf, type WireRequest } from "./gate.ts";
import type { ServiceAction, Service, WireForm } from "./service.ts";
import type { RawRecord } from "./value.ts";

/** The operation of a request, with raw parameters. */
export interface Route {
  readonly service: Service;
  readonly name: string;
  readonly action: ServiceAction;
  readonly params: RawRecord;
}

/** A refusal before any operation was found, with what is known of its destination. */
export class RouteError extends AwsError {
  readonly form: WireForm;
  readonly service: Service | undefined;
  /** As the client claims it, if the sandbox has no such service. */
  readonly serviceName: string;
  readonly operation: string;

  constructor(
    found: { form: WireForm; service?: Service; serviceName?: string; operation: string },
    refusal: { code: string; message: string; status?: number; rule: string; next?: string },
  ) {
    const { code, message, ...options } = refusal;
    super(code, message, options);
    this.form = found.form;
    this.service = found.service;
    this.serviceName = found.service?.name ?? found.serviceName ?? "unknown";
    this.operation = found.operation;
  }
}

function actionOf(service: Service, name: string): ServiceAction {
  const action = Object.hasOwn(service.actions, name) ? service.actions[name] : undefined;
  if (action !== undefined) return action;
  throw new RouteError(
    { form: service.protocol, service, operation: name },
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
    const foreign = foreignService(services, request, name);
    if (foreign !== undefined) throw foreign;
    throw new RouteError(
      { form: "json", operation: name },
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
  if (!isRecord(parsed)) {
    throw new RouteError(
      { form: "json", service, operation },
      {
        code: "SerializationException",
        message: "The body is not a JSON object",
        rule: "request-well-formed",
      },
    );
  }
  return parsed as RawRecord;
}

/** The refusal, in its service's protocol, of a request signed for a service that the sandbox lacks. */
function foreignService(
  services: readonly Service[],
  request: WireRequest,
  named?: string,
): RouteError | undefined {
  const serviceName = claimedService(request);
  if (serviceName === undefined || services.some((one) => one.name === serviceName)) return undefined;
  const path = request.target.split("?", 1)[0] ?? "";
  return new RouteError(
    { form: foreignForm(request, serviceName), serviceName, operation: named ?? `${request.method} ${path}` },
    {
      code: "InvalidAction",
      message: `This sandbox does not implement ${serviceName}: it implements ${services.map((one) => one.name).join(", ")}`,
      rule: "service-implemented",
      next: "Point the client of this service elsewhere: AWS_ENDPOINT_URL_STS and its like set an address for one service.",
    },
  );
}

function queryRoute(services: readonly Service[], request: WireRequest): Route {
  const body = Buffer.from(request.body).toString("utf8");
  const pairs = [...formPairs(queryOf(request.target)), ...formPairs(body)];
  const fields = new Map(pairs);
  // Two orders of them have one signature and could mean two things. No AWS client repeats a name.
  if (fields.size < pairs.length) {
    throw new AwsError("MalformedInput", "A parameter is given twice", { rule: "request-well-formed" });
  }
  const name = fields.get("Action") ?? "";
  const version = fields.get("Version");
  const speaking = services.filter((one) => one.protocol === "query");
  const service =
    version === undefined
      ? speaking.find((one) => Object.hasOwn(one.actions, name))
      : speaking.find((one) => one.version === version);
  if (name === "") {
    throw new RouteError(
      { form: "query", operation: "" },
      { code: "MissingAction", message: "The request names no Action", rule: "action-named" },
    );
  }
  if (service === undefined) {
    const foreign = foreignService(services, request, name);
    if (foreign !== undefined) throw foreign;
    const said = version ?? "NO_VERSION_SPECIFIED";
    throw new RouteError(
      { form: "query", operation: name },
      {
        code: "InvalidAction",
        message: `Could not find operation ${name} for version ${said}: this sandbox implements ${speaking.map((one) => `${one.name} ${one.version}`).join(", ")}`,
        rule: "service-implemented",
      },
    );
  }
  return { service, name, action: actionOf(service, name), params: formParams(pairs) };
}

/** True for requests to the web page: GET or HEAD that no AWS client sent. */
export function isPageRequest(request: WireRequest): boolean {
  return (request.method === "GET" || request.method === "HEAD") && !isAwsCall(request);
}

function refuseOtherProtocols(request: WireRequest): void {
  const other = headerOf(request, "smithy-protocol");
  if (other === undefined) return;
  throw new RouteError(
    { form: "query", operation: request.target.split("/").at(-1) ?? "" },
    {
      code: "InvalidAction",
      message: `This sandbox speaks the AWS query protocol and AWS JSON 1.1, not ${other}`,
      rule: "protocol-spoken",
    },
  );
}

/** Finds the operation of a request; throws a RouteError that names what is not implemented. */
export function routeRequest(services: readonly Service[], request: WireRequest): Route {
  refuseOtherProtocols(request);
  const target = headerOf(request, "x-amz-target");
  const foreign =
    target === undefined && !namesAction(request) ? foreignService(services, request) : undefined;
  if (foreign !== undefined) throw foreign;
  if (request.method !== "POST" && request.method !== "GET") {
    throw new RouteError(
      { form: "query", operation: "" },
      {
        code: "InvalidAction",
        message: `No operation is called by ${request.method}`,
        status: 405,
        rule: "method-known",
      },
    );
  }
  if (target !== undefined) return jsonRoute(services, target, request);
  return queryRoute(services, request);
}
