import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageFolder } from "./version.ts";

const page = /\bdocs\/[\w/-]+\.(?:md|json)\b/gu;

/** Guides to read from beginning to end; every other guide is a page of docs/how-to/. */
const tutorials: readonly string[] = ["first-session", "from-nothing"];

/** The page of a guide, by its file's name without the ending. */
export function guidePage(guide: string): `docs/${string}` {
  return `docs/${tutorials.includes(guide) ? "tutorial" : "how-to"}/${guide}.md`;
}

/**
 * Where the reader finds a page: its file, or its name among podtrust's pages where the program has no package around
 * it. It gets no URL: our names are not registered yet, and anyone who registers one would decide what is there.
 */
export function documentPlace(name: `docs/${string}`): string {
  const folder = packageFolder();
  return folder === undefined ? name : join(folder, name);
}

/** A text whose `docs/….md` became places that the reader has; what the package does not hold stays as it is. */
export function withDocumentPaths(text: string): string {
  return text.replaceAll(page, (name) => {
    const place = documentPlace(name as `docs/${string}`);
    return existsSync(place) ? place : name;
  });
}
