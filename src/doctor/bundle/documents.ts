import type { DocumentReading } from "../../issuer/index.ts";
import { withoutSecrets } from "../texts.ts";

type Answered = Extract<DocumentReading, { outcome: "answered" }>;

/** Headers that identify servers, and that report what caches do. All others stay where they are. */
export const keptHeaders: readonly string[] = [
  "content-type",
  "location",
  "server",
  "cf-mitigated",
  "cf-cache-status",
  "x-cache",
  "x-ms-error-code",
  "x-amz-request-id",
  "age",
  "cache-control",
  "last-modified",
  "retry-after",
];

const isJson = (text: string): boolean => /^\s*\{/u.test(text);

/** The marks of a page or a refusal, in the form in which the judges look for them. */
function marksOf(text: string): string {
  const start = text.slice(0, 4096);
  const code = /<Code>[A-Za-z]{1,40}<\/Code>/u.exec(start)?.[0] ?? "";
  const html = /^\s*<(?:!doctype|html|head|body)\b/iu.test(start) ? "<html>" : "";
  const status = /"kind"\s*:\s*"Status"/u.test(start) ? '{"kind":"Status"}' : "";
  const marks = `${html}${code}${status}`;
  return marks === "" && text !== "" ? "(left out)" : marks;
}

/**
 * What a bundle keeps of a body: the two documents without what may not be shown, and of every other answer its marks
 * alone: a page in front of an issuer is private.
 */
export function keptBody({ response }: Answered): string {
  const text = response.body.toString("utf8");
  return response.status === 200 && isJson(text) ? withoutSecrets(text) : marksOf(text);
}
