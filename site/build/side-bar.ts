/** The side bar: a section for each folder of docs/, in the order in which docs/README.md names the pages. */
import { dirname, join } from "node:path/posix";
import { sitePages, textOf, titleOf } from "./source.ts";

interface Entry {
  readonly text: string;
  readonly link: string;
}

/** As VitePress takes it. */
export interface Section {
  readonly text: string;
  readonly items: readonly Entry[];
}

/** In the order in which a reader sees them; a page belongs to the section with the longest folder that it is in. */
const sections: readonly (readonly [title: string, folder: string])[] = [
  ["Tutorials", "tutorial/"],
  ["How-to guides", "how-to/"],
  ["The sandbox, by language", "how-to/sandbox/"],
  ["Explanation", "explanation/"],
  ["Reference", "reference/"],
  ["Runbooks", "how-to/runbooks/"],
  ["Benchmarks", "reference/benchmarks/"],
  ["Project", ""],
];
/** Two dozen pages for who changes podtrust: they have a side bar of their own. */
const decisions = "adr/";

function folderOf(page: string): string {
  const around = sections.filter(([, folder]) => page.startsWith(folder)).map(([, folder]) => folder);
  return around.reduce((longest, folder) => (folder.length > longest.length ? folder : longest), "");
}

/** The sources that docs/README.md links to, in its order. */
function listed(): readonly string[] {
  const links = textOf("docs/README.md").matchAll(/\]\(([^)#]+\.md)/gu);
  return [...links].map(([, target = ""]) => join(dirname("docs/README.md"), target));
}

/** Every page but the landing page, in its section; by the beginning of the addresses that have that side bar. */
export function sideBars(): Readonly<Record<string, readonly Section[]>> {
  const order = listed();
  const rank = (source: string): number => {
    const at = order.indexOf(source);
    return at === -1 ? order.length : at;
  };
  const pages = [...sitePages()]
    .filter(([, page]) => page !== "index.md")
    .toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const entries = (belongs: (page: string) => boolean): readonly Entry[] =>
    pages
      .filter(([, page]) => belongs(page))
      .map(([source, page]) => ({ text: titleOf(source), link: `/${page.replace(/\.md$/u, "")}` }));
  const decided = entries((page) => page.startsWith(decisions));
  return {
    [`/${decisions}`]: [{ text: "Design decisions", items: decided }],
    "/": sections.map(([text, folder]) => ({
      text,
      items: entries((page) => !page.startsWith(decisions) && folderOf(page) === folder),
    })),
  };
}
