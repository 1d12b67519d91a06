import { existsSync } from "node:fs";
import { join } from "node:path";
import { packageFolder, packageVersion } from "./version.ts";

const page = /\bdocs\/[\w/-]+\.(?:md|json)\b/gu;

/** The address of a page of this version, for who has no file of it: npm's packages as unpkg serves them. */
export function documentUrl(name: `docs/${string}`): string {
  return `https://unpkg.com/podtrust@${packageVersion()}/${name}`;
}

/** What is read from the first line to the last; every other guide is a page of docs/how-to/. */
const tutorials: readonly string[] = ["first-session", "from-nothing"];

/** The page of a guide, by its file's name without the ending. */
export function guidePage(guide: string): `docs/${string}` {
  return `docs/${tutorials.includes(guide) ? "tutorial" : "how-to"}/${guide}.md`;
}

/** Where the reader finds a page: its file, or its address where the program has no package around it. */
export function documentPlace(name: `docs/${string}`): string {
  const folder = packageFolder();
  return folder === undefined ? documentUrl(name) : join(folder, name);
}

/** A text whose `docs/….md` became places that the reader has; what the package does not hold stays as it is. */
export function withDocumentPaths(text: string): string {
  const folder = packageFolder();
  return text.replaceAll(page, (name) =>
    folder === undefined || existsSync(join(folder, name)) ? documentPlace(name as `docs/${string}`) : name,
  );
}
