import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withPolicy, writeRedirects } from "../build/html.ts";
import { sideBars } from "../build/side-bar.ts";

const site = join(import.meta.dirname ?? ".", "..");
const redirects = JSON.parse(readFileSync(join(site, "redirects.json"), "utf8"));

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4' r='3.5' fill='%233451b2'/%3E%3C/svg%3E";

/** The anchors that Markdown has elsewhere too: lower case, punctuation gone, spaces to hyphens. */
const slugify = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, "")
    .trim()
    .replaceAll(/\s/gu, "-");

export default {
  title: "podtrust",
  description:
    "Makes any Kubernetes cluster an OIDC identity provider that AWS trusts. Its sandbox is IAM and STS for your tests.",
  lang: "en",
  head: [["link", { rel: "icon", href: icon, type: "image/svg+xml" }]],
  srcDir: ".cache/pages",
  outDir: ".cache/dist",
  cacheDir: ".cache/vite",
  // What is asked for in advance is no script, and the policy of the pages lets nothing else be loaded.
  // The root's tsconfig.json names a target that this esbuild does not know.
  vite: { esbuild: { tsconfigRaw: "{}" } },
  router: { prefetchLinks: false },
  markdown: {
    anchor: { slugify },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  transformHtml: (html) => withPolicy(html),
  buildEnd: ({ outDir }) => writeRedirects(outDir, redirects),
  themeConfig: {
    nav: [
      { text: "My cluster", link: "/tutorial/first-session" },
      { text: "My tests", link: "/how-to/sandbox" },
      { text: "Check a token", link: "/check" },
      { text: "Reference", link: "/reference/commands" },
      { text: "Decisions", link: "/adr/0001-libraries" },
    ],
    sidebar: sideBars(),
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        // A word of three letters is that word, and no other by one letter.
        miniSearch: { searchOptions: { fuzzy: 0.1, prefix: true, boost: { title: 6, titles: 2, text: 1 } } },
        // For who uses podtrust: why it was built so is found in its own side bar.
        _render: (source, env, md) =>
          /^(?:adr\/|changelog|contributing|architecture)/u.test(env.relativePath)
            ? ""
            : md.render(source, env),
      },
    },
  },
};
