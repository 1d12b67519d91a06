import { defined, type JsonRecord, mapped, recordOf } from "../../core/base/index.ts";
import { jsonOf, request } from "../../core/http/index.ts";
import type { Front } from "../../sandbox/index.ts";

/** What a workload asks of a cloud. */
export interface CloudCall {
  /** The cloud's own address, as in production. */
  readonly url: string;
  readonly bearer?: string;
  /** Sent by POST: a form, or what becomes JSON. Absent: it is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: object;
}

/** What came back. */
export interface CloudAnswer {
  readonly status: number;
  readonly body: JsonRecord;
}

function bodyOf({ form, json }: CloudCall): { readonly type: string; readonly body: string } | undefined {
  if (form !== undefined)
    return { type: "application/x-www-form-urlencoded", body: new URLSearchParams(form).toString() };
  return json === undefined ? undefined : { type: "application/json", body: JSON.stringify(json) };
}

/** Asks a cloud under its own name, through the sandbox's front and by its CA alone. Throws `http-*`. */
export async function askCloud(front: Front, call: CloudCall, signal: AbortSignal): Promise<CloudAnswer> {
  const sent = bodyOf(call);
  const answer = await request(call.url, {
    method: sent === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...defined({
        "content-type": sent?.type,
        authorization: mapped(call.bearer, (bearer) => `Bearer ${bearer}`),
      }),
    },
    ...defined({ body: sent?.body }),
    proxy: front.url,
    ca: front.ca,
    signal,
  });
  return { status: answer.status, body: recordOf(jsonOf(answer)) };
}
