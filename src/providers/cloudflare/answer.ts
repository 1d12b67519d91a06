import {
  type JsonRecord,
  isRecord,
  PodtrustError,
  recordOf,
  recordsOf,
  textOf,
} from "../../core/base/index.ts";
import type { HttpResponse } from "../../core/http/index.ts";
import { type ApiFault, CloudflareRefusal, Unanswered } from "./failure.ts";

/** What a success holds. */
export interface CloudflareAnswer {
  readonly result: unknown;
  /** How many pages there are; undefined where the answer does not say. */
  readonly pages: number | undefined;
}

// A message is foreign text: bounded, and of one line.
const said = (value: unknown): string => (textOf(value) ?? "").slice(0, 500).replaceAll(/\p{C}/gu, " ");

function faultOf(entry: JsonRecord): ApiFault {
  const { code, message } = entry;
  return { code: typeof code === "number" ? code : Number.NaN, message: said(message) };
}

/** The errors of an answer in either form: by themselves, or behind one that stands for them all (`error_chain`). */
function faultsOf(errors: unknown): readonly ApiFault[] {
  return recordsOf(errors)
    .slice(0, 20)
    .flatMap((entry) => [faultOf(entry), ...recordsOf(entry["error_chain"]).slice(0, 20).map(faultOf)]);
}

function jsonOf({ body }: HttpResponse): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** What an answer says. Throws `Refusal`, and `Unanswered` for anything that is not an answer of the API. */
export function readAnswer(response: HttpResponse): CloudflareAnswer {
  const { status, headers } = response;
  const ray = headers["cf-ray"];
  const value = jsonOf(response);
  if (!isRecord(value)) throw new Unanswered(`status ${status} without an answer of the API`, { ray });
  // A failing server may have done part of the work.
  if (status >= 500) {
    const text = faultsOf(value["errors"]).map(({ message }) => message);
    throw new Unanswered([`status ${status}`, ...text].join(": "), { ray });
  }
  if (value["success"] !== true || status >= 400)
    throw new CloudflareRefusal(status, faultsOf(value["errors"]), ray);
  const pages = recordOf(value["result_info"])["total_pages"];
  return { result: value["result"], pages: typeof pages === "number" ? pages : undefined };
}

/** The error of an answer whose content is not of the documented form. */
export function invalidAnswer(what: string, fault: string): PodtrustError {
  return new PodtrustError(
    "cloudflare-answer-invalid",
    `the answer to ${what} is of no known form: ${fault}`,
  );
}
