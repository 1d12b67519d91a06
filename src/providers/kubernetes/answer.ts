import { defined, isRecord, type JsonRecord, PodtrustError, recordOf } from "../../core/base/index.ts";
import type { KubernetesAnswer } from "./api.ts";
import { text } from "./kubeconfig.ts";

/** What was requested, for the sentence of an error. */
export interface RequestPurpose {
  readonly server: string;
  /** For example "mint a token of aws-test/demo". */
  readonly what: string;
  /** The right it takes, for example "get on the path /openid/v1/jwks". */
  readonly right: string;
  /** What to do when it does not exist. */
  readonly absent?: string;
}

const maxMessage = 500;

/** Text from outside as part of a sentence: shortened, and without what would begin a line or move a cursor. */
export function oneLine(said: string, maxLength: number): string {
  return said.slice(0, maxLength).replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

/** The API server's own sentence (its Status object), or nothing where it gave none. */
export function statusMessage(body: Buffer): string {
  try {
    const status = recordOf(JSON.parse(body.toString("utf8")));
    return oneLine(text(status, "message") ?? "", maxMessage);
  } catch {
    return "";
  }
}

// Admission answers with the 403 of missing rights, but no right would help.
const byAdmission = /violates PodSecurity|admission webhook|exceeded quota|ValidatingAdmissionPolicy/u;

function isRefused(status: number, message: string): boolean {
  if (status === 400 || status === 422) return true;
  // An unknown field in server-side apply is a 500, in spite of fieldValidation.
  return (status === 403 && byAdmission.test(message)) || (status === 500 && message.includes("typed patch"));
}

// The 403 of missing rights again, for each new object (apiextensions-apiserver, forbidCreateAdmission).
const definitionEnds = /custom resource definition is terminating/u;

/** The error of an answer whose status is not the wanted one. */
export function statusFault(purpose: RequestPurpose, answer: KubernetesAnswer): PodtrustError {
  const { status } = answer;
  const message = statusMessage(answer.body);
  const said = message === "" ? `it answered ${status}` : `it answered ${status}: ${message}`;
  const sentence = `cluster ${purpose.server}, to ${purpose.what}: ${said}`;
  const detail = { server: purpose.server, status };
  if (status === 401) {
    return new PodtrustError("cluster-unauthenticated", sentence, {
      detail: { ...detail, reason: "unauthenticated" },
    });
  }
  if (status === 409) {
    return new PodtrustError("cluster-conflict", sentence, { detail: { ...detail, reason: "conflict" } });
  }
  if (status === 403 && definitionEnds.test(message)) {
    return new PodtrustError(
      "cluster-refused",
      `cluster ${purpose.server}, to ${purpose.what}: its definition is being deleted; ${said}`,
      {
        next: "Finish the uninstall: objects that still have a finalizer hold the definition. Wait until kubectl get crd does not show it, and apply it anew if you want to keep it.",
        detail: { ...detail, reason: "definition-ends" },
      },
    );
  }
  if (isRefused(status, message)) {
    return new PodtrustError("cluster-refused", sentence, { detail: { ...detail, reason: "refused" } });
  }
  if (status === 403) {
    return new PodtrustError("cluster-forbidden", sentence, {
      next: `Give these credentials the right to ${purpose.right}.`,
      detail: { ...detail, reason: "forbidden", right: purpose.right },
    });
  }
  if (status === 404) {
    return new PodtrustError("cluster-not-found", sentence, {
      ...defined({ next: purpose.absent }),
      detail: { ...detail, reason: "not-found" },
    });
  }
  if (status === 429 || status >= 500) {
    return new PodtrustError("cluster-not-ready", sentence, { detail: { ...detail, reason: "not-ready" } });
  }
  return new PodtrustError("cluster-answer-invalid", sentence, { detail: { ...detail, reason: "status" } });
}

/**
 * The error of a 401 or 403 that an API server gives while it is starting: it has not loaded accounts and roles yet.
 * `ready` is the status with which it answered /readyz.
 */
export function startingFault(
  purpose: RequestPurpose,
  answer: KubernetesAnswer,
  ready: number,
): PodtrustError {
  const { message } = statusFault(purpose, answer);
  const detail = { server: purpose.server, status: answer.status, reason: "not-ready" };
  // A caller that may not even read /readyz cannot distinguish a start from rights that are missing for good.
  const next =
    ready === 403
      ? `Wait: an API server that is starting refuses everything, /readyz too. If it lasts for minutes, give these credentials the right to ${purpose.right}.`
      : undefined;
  return new PodtrustError("cluster-not-ready", `${message}; it is not ready (/readyz answered ${ready})`, {
    ...defined({ next }),
    detail,
  });
}

/** The JSON object of a body, or `cluster-answer-invalid` where it is none. */
export function jsonObject(purpose: RequestPurpose, body: Buffer): JsonRecord {
  const fault = (why: string, reason: string): PodtrustError =>
    new PodtrustError("cluster-answer-invalid", `cluster ${purpose.server}, to ${purpose.what}: ${why}`, {
      detail: { server: purpose.server, reason },
    });
  const source = body.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    const begun = source.trimStart().startsWith("{");
    if (begun) throw fault(`its answer ends early or is damaged (${body.length} bytes)`, "truncated");
    throw fault("its answer is not JSON", "status");
  }
  if (!isRecord(value)) throw fault("its answer is no JSON object", "status");
  return value;
}
