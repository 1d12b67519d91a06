import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageVersion } from "./version.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Where the guides are that came with the package. */
export const guidesFolder = join(root, "docs", "guides");

const page = /\bdocs\/[\w/-]+\.(?:md|json)\b/gu;

/** A text whose `docs/….md` became files that the reader has; in a program without a package it stays as it is. */
export function withDocumentPaths(text: string): string {
  return text.replaceAll(page, (name) => (existsSync(join(root, name)) ? join(root, name) : name));
}

/** The address of a page of this version, for files that others than this machine read: npm's packages as unpkg serves them. */
export function documentUrl(name: `docs/${string}`): string {
  return `https://unpkg.com/podtrust@${packageVersion()}/${name}`;
}
