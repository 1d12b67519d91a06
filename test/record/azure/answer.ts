import { isRecord, textOf } from "../../../src/core/base/index.ts";
import type { VendorAnswer } from "../recording.ts";
import { jsonOf } from "../vendor.ts";

/** What Entra's token endpoint, ARM or Graph has answered. Entra has its error as a word, the others as an object. */
export function answerOf(status: number, text: string): VendorAnswer {
  const { error, error_description: description, error_codes: codes } = jsonOf(text);
  if (isRecord(error)) return { status, code: textOf(error["code"]), text: textOf(error["message"]) };
  const [number] = Array.isArray(codes) ? (codes as readonly unknown[]) : [];
  return {
    status,
    code: textOf(error),
    number: typeof number === "number" ? number : undefined,
    text: textOf(description),
  };
}
