/** Which Markdown files become pages of the site, and where each stands in it. */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path/posix";

/** The project's root, from which all sources are named. */
export const root = join(import.meta.dirname, "../..");

/** What stands outside of docs/ and is read by users all the same. */
const outside: Readonly<Record<string, string>> = {
  "SECURITY.md": "security.md",
  "ARCHITECTURE.md": "architecture.md",
  "CONTRIBUTING.md": "contributing.md",
  "CHANGELOG.md": "changelog.md",
  "docs/README.md": "commands.md",
  "site/pages/index.md": "index.md",
  "site/pages/check.md": "check.md",
};

/** Where every page stands in the site, by its source: `docs/how-to/aws.md` → `how-to/aws.md`. */
export function sitePages(folder = root): ReadonlyMap<string, string> {
  const docs = globSync("docs/*/**/*.md", { cwd: folder }).sort();
  return new Map([
    ...docs.map((file) => [file, file.slice("docs/".length)] as const),
    ...Object.entries(outside),
  ]);
}

/** A page's text; `source` is relative to the project. */
export function textOf(source: string, folder = root): string {
  return readFileSync(join(folder, source), "utf8");
}

/** The first heading of a page, without marks of code. */
export function titleOf(source: string, folder = root): string {
  const [, title] = /^# (.+)$/mu.exec(textOf(source, folder)) ?? [];
  if (title === undefined) throw new TypeError(`${source} has no heading, and so no name in the side bar`);
  return title.replaceAll("`", "");
}

/** A block of code, which stays as it is, or a link or image of Markdown. */
const piece =
  /```[\s\S]*?```|(?<image>!?)\[(?<words>(?:[^[\]]|\[[^[\]]*\])*)\]\((?<target>[^)\s#]+)(?<anchor>#[^)\s]*)?\)/gu;

interface Link {
  /** `!` for an image. */
  readonly image: string;
  readonly words: string;
  readonly target: string;
  readonly anchor: string;
}

/**
 * Where a link of a page leads on the site; undefined for what the site does not have: sources, tests, folders. A page of
 * docs/ that is not there keeps its link, so that the build fails on it.
 */
function addressOf(file: string, pages: ReadonlyMap<string, string>): string | undefined {
  const page = pages.get(file);
  if (page !== undefined) return page;
  return /\.(?:json|md|svg)$/u.test(file) && file.startsWith("docs/")
    ? file.slice("docs/".length)
    : undefined;
}

/** A page's text for the site: links lead to pages of the site, and what it does not have is plain text. */
export function sitePage(source: string, pages: ReadonlyMap<string, string>): string {
  const here = dirname(pages.get(source) ?? source);
  const siteLink = ({ image, words, target, anchor }: Link): string => {
    const address = addressOf(join(dirname(source), target), pages);
    return address === undefined ? words : `${image}[${words}](${relative(here, address)}${anchor})`;
  };
  const text = textOf(source);
  let [written, at] = ["", 0];
  for (const match of text.matchAll(piece)) {
    const { image = "", words = "", target, anchor = "" } = match.groups ?? {};
    const isOurs = target !== undefined && !/^(?:[a-z]+:|\/)/u.test(target);
    written += text.slice(at, match.index);
    written += isOurs ? siteLink({ image, words, target, anchor }) : match[0];
    at = match.index + match[0].length;
  }
  return written + text.slice(at);
}
