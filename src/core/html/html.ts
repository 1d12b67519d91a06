import { createHash } from "node:crypto";

/** Text that is HTML already. Only `html` makes it. */
export interface Html {
  readonly markup: string;
}

export type Insert = string | number | Html | readonly Html[] | undefined;

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  // Control and direction characters would let a name rearrange what a reader sees.
  return text
    .replaceAll(/[&<>"']/gu, (one) => entities[one] ?? one)
    .replaceAll(/[\p{Cc}\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (one) =>
      one === "\n" || one === "\t" ? one : "\uFFFD",
    );
}

function markupOf(insert: Insert): string {
  if (insert === undefined) return "";
  if (typeof insert === "string" || typeof insert === "number") return escaped(String(insert));
  return "markup" in insert ? insert.markup : insert.map((one) => one.markup).join("");
}

/** A piece of HTML in which every inserted text is escaped. Attributes must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  const markup = parts.map((part, index) => part + markupOf(inserts[index])).join("");
  return { markup };
}

/** A style or script element of our own, its text exactly as given: the page's CSP names the text's hash. */
export function inline(element: "style" | "script", text: string): Html {
  if (/<\/?(?:script|style)/iu.test(text)) throw new TypeError(`a ${element} must not end its own element`);
  return { markup: `<${element}>${text}</${element}>` };
}

/** How a page's CSP names such a text: `'sha256-…'`. */
export function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
