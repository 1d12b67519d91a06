import { type JsonRecord, isRecord } from "../base/index.ts";

const longestText = 4096;

/** A JSON object, or undefined for anything else. */
export function parseObject(body: Uint8Array): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A string of bounded length without control characters: CA texts end up in logs and on terminals. */
export function text(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  return value.slice(0, longestText).replaceAll(/\p{Cc}+/gu, " ");
}
