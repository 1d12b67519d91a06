import { defined } from "../../core/base/index.ts";

/** A Kubernetes failure Status, with the API server's own texts (k8s.io/apimachinery pkg/api/errors). */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: number, reason: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toObject(): object {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      ...defined({ details: this.details }),
      code: this.code,
    };
  }
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

export function notFound(kind: string, name: string): StatusError {
  return new StatusError(404, "NotFound", `${kind} "${name}" not found`, { name, kind });
}

export function noSuchPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

export function alreadyExists(kind: string, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${kind} "${name}" already exists`, { name, kind });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function invalid(kind: string, name: string, field: string, message: string): StatusError {
  return new StatusError(422, "Invalid", `${kind} "${name}" is invalid: ${field}: ${message}`, {
    name,
    kind,
    causes: [{ message, field }],
  });
}

/** What the stand-in does not implement: refused by name, never pretended. */
export function notDone(what: string): StatusError {
  return new StatusError(405, "MethodNotAllowed", `the stand-in cluster does not do this: ${what}`);
}
