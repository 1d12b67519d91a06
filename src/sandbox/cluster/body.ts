import { errorText, isRecord } from "../../core/base/index.ts";
import { BodyRefused, type Exchange } from "../../core/listener/index.ts";
import { readProtobuf } from "./protobuf.ts";
import { badRequest, StatusError } from "./status.ts";

const maxBody = 1024 * 1024;

async function collect(http: Exchange): Promise<Buffer> {
  try {
    return await http.readBody(maxBody);
  } catch (error) {
    if (!(error instanceof BodyRefused)) throw error;
    throw new StatusError(error.status, "RequestEntityTooLarge", error.message);
  }
}

function parse(body: Buffer, type: string): unknown {
  const [essence = ""] = type.split(";");
  if (essence.trim() === "application/vnd.kubernetes.protobuf") return readProtobuf(body);
  if (essence.trim() === "application/json") return JSON.parse(body.toString("utf8"));
  const message = `the stand-in cluster reads JSON and Kubernetes' protobuf, not ${type}`;
  throw new StatusError(415, "UnsupportedMediaType", message);
}

/** The object that a request carries; undefined without one. Throws StatusError. */
export async function readBody(http: Exchange): Promise<object | undefined> {
  const { incoming } = http;
  const body = await collect(http);
  // A DELETE's content (DeleteOptions) changes nothing here, and PUT and PATCH are always refused.
  if (body.length === 0 || incoming.method !== "POST") return undefined;
  let value: unknown;
  try {
    value = parse(body, incoming.headers["content-type"] ?? "");
  } catch (error) {
    throw error instanceof StatusError ? error : badRequest(`the body cannot be read: ${errorText(error)}`);
  }
  if (isRecord(value)) return value;
  throw badRequest("the body is not an object");
}
