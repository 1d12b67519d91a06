import { isoTime } from "../../../core/base/index.ts";
import type { AwsError } from "./error.ts";
import type { Service, WireForm } from "./service.ts";
import type { Shape, Value } from "./value.ts";

/** An HTTP answer. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The namespace of errors without a service. */
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09";

function escapeXml(text: string): string {
  return (
    text
      // XML 1.0 has no way at all to write these.
      // oxlint-disable-next-line no-control-regex
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/gu, "\uFFFD")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("\r", "&#xD;")
  );
}

function xmlValue(value: Value): string {
  if (value instanceof Date) return isoTime(value.getTime()).replace(".000Z", "Z");
  if (value instanceof Map) {
    return [...(value as ReadonlyMap<string, Value>)]
      .map(([key, one]) => `<entry><key>${escapeXml(key)}</key><value>${xmlValue(one)}</value></entry>`)
      .join("");
  }
  if (Array.isArray(value)) {
    return (value as readonly Value[]).map((one) => `<member>${xmlValue(one)}</member>`).join("");
  }
  return typeof value === "object" ? xmlShape(value as Shape) : escapeXml(String(value));
}

function xmlShape(shape: Shape): string {
  return Object.entries(shape)
    .filter((entry): entry is [string, Value] => entry[1] !== undefined)
    .map(([name, value]) => `<${name}>${xmlValue(value)}</${name}>`)
    .join("\n");
}

function jsonValue(value: Value): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ReadonlyMap<string, Value>)].map(([k, v]) => [k, jsonValue(v)]));
  }
  if (Array.isArray(value)) return (value as readonly Value[]).map(jsonValue);
  if (typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value as Shape).flatMap(([k, v]) => (v === undefined ? [] : [[k, jsonValue(v)]])),
  );
}

function headersOf(form: WireForm, requestId: string): Record<string, string> {
  return {
    "content-type": form === "json" ? "application/x-amz-json-1.1" : "text/xml",
    "x-amzn-requestid": requestId,
  };
}

/** An operation's answer in its service's protocol. */
export function renderResult(
  service: Service,
  action: string,
  requestId: string,
  result: Shape | undefined,
): WireResponse {
  const headers = headersOf(service.protocol, requestId);
  if (service.protocol === "json") {
    return { status: 200, headers, body: result === undefined ? "" : JSON.stringify(jsonValue(result)) };
  }
  const inner = result === undefined ? "" : `<${action}Result>\n${xmlShape(result)}\n</${action}Result>\n`;
  const metadata = `<ResponseMetadata>\n<RequestId>${requestId}</RequestId>\n</ResponseMetadata>`;
  const body = `<${action}Response xmlns="${service.namespace}">\n${inner}${metadata}\n</${action}Response>\n`;
  return { status: 200, headers, body };
}

/**
 * A refusal, in the error envelope of the protocol (smithy.io, "AWS protocols": awsQuery, awsJson, restJson, restXml
 * without a wrapper as S3 has it, ec2Query).
 */
export function renderError(
  where: { readonly service: Service | undefined; readonly form: WireForm },
  requestId: string,
  error: AwsError,
): WireResponse {
  const { status, code, message, type } = error;
  const headers = headersOf(where.form, requestId);
  const reason = `<Code>${escapeXml(code)}</Code>\n<Message>${escapeXml(message)}</Message>`;
  switch (where.form) {
    case "json":
      // Clients of REST services look for the code in the header first.
      return {
        status,
        headers: { ...headers, "x-amzn-errortype": code },
        body: JSON.stringify({ __type: code, message }),
      };
    case "rest-xml":
      return { status, headers, body: `<Error>\n${reason}\n<RequestId>${requestId}</RequestId>\n</Error>\n` };
    case "ec2": {
      const body = `<Response>\n<Errors><Error>${reason}</Error></Errors>\n<RequestID>${requestId}</RequestID>\n</Response>\n`;
      return { status, headers, body };
    }
    case "query": {
      const namespace = where.service?.namespace ?? faultNamespace;
      const body = `<ErrorResponse xmlns="${namespace}">\n<Error>\n<Type>${type}</Type>\n${reason}\n</Error>\n<RequestId>${requestId}</RequestId>\n</ErrorResponse>\n`;
      return { status, headers, body };
    }
  }
}
