/** The side bar: the folders of docs/, with the groups and in the order that docs/README.md gives their pages. */
import { dirname, join } from "node:path/posix";
import { root, sitePages, textOf, titleOf } from "./source.ts";

/** As VitePress takes it. */
export interface SideBarItem {
  readonly text: string;
  readonly link?: string;
  /** A group that can be folded; VitePress unfolds the one that has the page. */
  readonly collapsed?: boolean;
  readonly items?: readonly SideBarItem[];
}

/** What docs/README.md is divided into, and the folder whose pages stand there; links to other folders are asides. */
const sections: Readonly<Record<string, string>> = {
  Tutorials: "docs/tutorial/",
  "How-to guides": "docs/how-to/",
  Explanation: "docs/explanation/",
  Reference: "docs/reference/",
};
const index = "docs/README.md";
/** A page that divides a folder of its own in the same way. */
const causes = "docs/reference/causes.md";

/** Above all sections, and in one that no folder has: whatever else is outside of docs/ has no place. */
const first = [index, "site/pages/check.md"];
const project = ["SECURITY.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];

/** Three dozen pages for who changes podtrust: they have a side bar of their own. */
const decisions = "docs/adr/";

interface Part {
  /** Of its heading, and of the one of level 2 above it. */
  readonly title: string;
  readonly section: string;
  /** The pages that are linked under it, before the next heading. */
  readonly sources: readonly string[];
}

/** The headings of a page, each with the pages that it names. */
function partsOf(source: string, text: string): readonly Part[] {
  let section = "";
  return text
    .split(/^(?=#)/mu)
    .map((part) => {
      const { marks = "", title = "" } = /^(?<marks>#+) (?<title>.+)$/mu.exec(part)?.groups ?? {};
      if (marks === "##") section = title;
      const links = [...part.matchAll(/\]\(([^)#:]+\.md)/gu)];
      return { title, section, sources: links.map(([, target = ""]) => join(dirname(source), target)) };
    })
    .filter(({ title }) => title !== "");
}

/** All side bars, by the beginning of the addresses that have them; throws where a page has no place, or two. */
export function sideBars(folder = root): Readonly<Record<string, readonly SideBarItem[]>> {
  const pages = sitePages(folder);
  const unplaced = new Set([...pages.keys()].filter((source) => source !== "site/pages/index.md"));

  const entry = (source: string): SideBarItem => {
    if (!unplaced.delete(source)) throw new TypeError(`the side bar has ${source} twice, or is no page`);
    const link = `/${pages.get(source)?.replace(/\.md$/u, "")}`;
    return { text: titleOf(source, folder), link, ...(source === causes ? foldedGroups(causes) : {}) };
  };
  const group = (text: string, items: readonly SideBarItem[]): SideBarItem[] =>
    items.length === 0 ? [] : [{ text, collapsed: true, items }];
  const entries = ({ sources }: Part, within: string): readonly SideBarItem[] =>
    [...new Set(sources)].filter((source) => source.startsWith(within)).map(entry);
  const foldedGroups = (source: string): Omit<SideBarItem, "text"> => ({
    collapsed: true,
    items: partsOf(source, textOf(source, folder)).flatMap((part) =>
      group(part.title, entries(part, source.replace(/\.md$/u, "/"))),
    ),
  });

  const parts = partsOf(index, textOf(index, folder));
  const bar = [
    ...first.map(entry),
    ...Object.entries(sections).map(([text, within]) => ({
      text,
      items: parts
        .filter(({ section }) => section === text)
        .flatMap((part) =>
          part.title === text ? entries(part, within) : group(part.title, entries(part, within)),
        ),
    })),
    ...group("Project", project.map(entry)),
  ];
  const decided = [...unplaced].filter((source) => source.startsWith(decisions)).map(entry);
  if (unplaced.size > 0)
    throw new TypeError(
      `no side bar has ${[...unplaced].join(", ")}: name it in ${index}, in the section of its folder`,
    );
  return { "/adr/": [{ text: "Design decisions", items: decided }], "/": bar };
}
