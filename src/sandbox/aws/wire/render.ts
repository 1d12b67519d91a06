import type { AwsError } from "./error.ts";
import type { Service } from "./service.ts";
import type { Shape, Value } from "./value.ts";

/** What goes back over HTTP. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The name space of errors that belong to no service. */
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
  if (value instanceof Date) return value.toISOString().replace(".000Z", "Z");
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

function headersOf(protocol: Service["protocol"], requestId: string): Record<string, string> {
  return {
    "content-type": protocol === "json" ? "application/x-amz-json-1.1" : "text/xml",
    "x-amzn-requestid": requestId,
  };
}

/** An answer of an operation, as its service's protocol writes it. */
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

/** A refusal, in the error envelope of the protocol. */
export function renderError(
  where: { readonly service: Service | undefined; readonly protocol: Service["protocol"] },
  requestId: string,
  error: AwsError,
): WireResponse {
  const headers = headersOf(where.protocol, requestId);
  const { status, code, message, type } = error;
  if (where.protocol === "json") return { status, headers, body: JSON.stringify({ __type: code, message }) };
  const fault = `<Type>${type}</Type>\n<Code>${escapeXml(code)}</Code>\n<Message>${escapeXml(message)}</Message>`;
  const namespace = where.service?.namespace ?? faultNamespace;
  const body = `<ErrorResponse xmlns="${namespace}">\n<Error>\n${fault}\n</Error>\n<RequestId>${requestId}</RequestId>\n</ErrorResponse>\n`;
  return { status, headers, body };
}
