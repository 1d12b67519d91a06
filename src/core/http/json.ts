import type { HttpOptions, HttpResponse } from "./request.ts";

/**
 * What a request needs to send a value as JSON, and nothing for undefined:
 * `const { headers, ...content } = jsonBody(body)`, for `{ headers: { accept, ...headers }, ...content }`.
 */
export function jsonBody(value: unknown): Pick<HttpOptions, "headers" | "body"> {
  if (value === undefined) return {};
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}

/** The JSON of an answer; undefined where it is none. */
export function jsonOf({ body }: Pick<HttpResponse, "body">): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
