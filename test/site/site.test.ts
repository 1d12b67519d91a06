import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { sitePages } from "../../site/build/source.ts";
import { defined } from "../../src/core/base/index.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";
import { discovery, now, roleArn, signer } from "../conformance/fixture.ts";
import { podtrustHere } from "../support/cli.ts";
import { pastedCases } from "./check-cases.ts";
import { buildSite, dist, type ServedSite, serveSite, siteMissing } from "./served.ts";
import { casesOf } from "../support/runs.ts";
import { until } from "../support/until.ts";

const missing = siteMissing() ?? (await browserMissing());
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the site in a real browser: ${missing}`);
const options = defined({ skip: missing });

const redirects = JSON.parse(readFileSync("site/redirects.json", "utf8")) as Record<string, string>;
const addresses = [...sitePages().values()].map((page) => `/${page.replace(/\.md$/u, ".html")}`);

let site: ServedSite;
let page: BrowserPage;

before(async () => {
  if (missing !== undefined) return;
  buildSite();
  site = await serveSite();
  page = await openBrowser();
});
after(async () => {
  await page?.close();
  await site?.close();
});

/** Waits until an expression is true in the page. */
async function eventually(expression: string): Promise<void> {
  // A page that is being left has no answer.
  await until(expression, () => page.evaluate<boolean>(expression).catch(() => false));
}

async function emulate(width: number, scheme: "light" | "dark"): Promise<void> {
  await page.call("Emulation.setDeviceMetricsOverride", {
    width,
    height: 800,
    deviceScaleFactor: 1,
    mobile: width < 500,
  });
  await page.call("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
}

async function show(address: string, width: number, scheme: "light" | "dark"): Promise<void> {
  await emulate(width, scheme);
  await page.open(`${site.url}${address}`);
  // Vue has taken the page over once its application hangs at the root.
  await eventually("document.querySelector('#app')?.__vue_app__ !== undefined");
}

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

const axe =
  missing === undefined ? readFileSync(resolve("site/node_modules/axe-core/axe.min.js"), "utf8") : "";

/** One page of each kind: there axe-core is asked about all of it, side bar, menus and code too. */
const samples = new Set([
  "/index.html",
  "/check.html",
  "/tutorial/first-session.html",
  "/how-to/aws.html",
  "/how-to/rotate.html",
  "/explanation/chain.html",
  "/reference/sts-rules.html",
  "/reference/causes/DocumentMissing.html",
  "/adr/0001-libraries.html",
]);

/**
 * Those that axe-core is asked about, in the light and in the dark: a second for each is most of what this suite takes, so
 * by night all of them.
 */
const judged = new Set([...samples, ...casesOf(addresses, 10)]);

/** What axe-core finds that is serious or critical: rule, element and why; of the page's own text, or of all of it. */
async function barriers(all: boolean): Promise<readonly string[]> {
  await page.evaluate(`if (window.axe === undefined) { ${axe} }; 0`);
  const found = await page.evaluate<Violation[]>(
    `axe.run(${all ? "document" : "{ include: [['#VPContent']], exclude: [['pre']] }"}, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} ${node.target.join(" ")}: ${node.failureSummary}`),
    );
}

const press = async (key: string, modifiers = 0): Promise<void> => {
  const code = key.length === 1 ? `Key${key.toUpperCase()}` : key;
  const text = key === "Enter" ? { text: "\r" } : {};
  const windowsVirtualKeyCode =
    { Backspace: 8, Tab: 9, Enter: 13, Escape: 27 }[key] ?? key.toUpperCase().charCodeAt(0);
  const event = { key, code, modifiers, windowsVirtualKeyCode };
  await page.call("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...text });
  await page.call("Input.dispatchKeyEvent", { type: "keyUp", ...event });
};
const control = 2;

/** The lines of the side bar that a reader sees, headings too: more is a list that hides what is in it. */
const mostLines = 65;

/** Whether the side bar of a built page has a link to that page. */
function isLinked(file: string, html: string): boolean {
  const [bar = ""] = /<aside class="VPSidebar"[^]*?<\/aside>/u.exec(html) ?? [];
  return bar.includes(`href="/${file}"`);
}

/** The lines that the side bar shows, whether it has room for them or not. */
const lines = `[...document.querySelectorAll(".VPSidebar .VPSidebarItem > .item")].filter((line) => line.checkVisibility())`;

/** Whether the side bar marks the page, in one line and where it can be seen without scrolling. */
const isMarked = `(() => {
  const { top, bottom } = document.querySelector(".VPSidebar").getBoundingClientRect();
  const marked = ${lines}.filter((line) => line.matches(".is-active > .item")).map((line) => line.getBoundingClientRect());
  return marked.length === 1 && marked[0].top >= top && marked[0].bottom <= bottom;
})()`;

/** What is wrong with the side bar as it is shown beside a page. */
async function sideBarFaults(): Promise<readonly string[]> {
  const count = await page.evaluate<number>(`${lines}.length`);
  const marked = await page.evaluate<boolean>(isMarked);
  return [
    ...(count <= mostLines ? [] : [`has a side bar of ${count} lines`]),
    ...(marked ? [] : ["is not marked where its side bar is in view"]),
  ];
}

/** Faults that stay: a page scrolls its side bar a frame after it is there. */
async function settled(faults: () => Promise<readonly string[]>): Promise<readonly string[]> {
  let found: readonly string[] = [];
  await until("no fault of the side bar", async () => (found = await faults()).length === 0).catch(
    () => found,
  );
  return found;
}

describe("the site", () => {
  test(
    "opens every page without an error, on a phone too, and axe-core finds nothing serious in either scheme: in the text of one page in ten, by night of all, and in the whole of one page of each kind",
    options,
    async () => {
      const faults: string[] = [];
      for (const address of addresses) {
        page.complaints.length = 0;
        page.requests.length = 0;
        await show(address, 1280, "light");
        const asked = page.requests.filter((url) => !url.startsWith(site.url) && !url.startsWith("data:"));
        const bar = address === "/index.html" ? [] : await settled(sideBarFaults);
        const light = judged.has(address) ? await barriers(samples.has(address)) : [];
        await emulate(360, "dark");
        await eventually("document.documentElement.classList.contains('dark')");
        const dark = judged.has(address) ? await barriers(samples.has(address)) : [];
        const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
        const found = [
          ...asked.map((url) => `asks for ${url}`),
          ...light.map((one) => `light: ${one}`),
          ...dark.map((one) => `dark, on a phone: ${one}`),
          ...bar,
          ...(wide <= 360 ? [] : [`is ${wide} px wide on a phone of 360`]),
          ...page.complaints,
        ];
        faults.push(...found.map((fault) => `${address} ${fault}`));
      }
      assert.deepEqual(faults, []);
    },
  );

  test("links each page that was built from the page's own side bar", options, () => {
    const leads = new Set(Object.keys(redirects).map((from) => `${from}.html`));
    const built = globSync("**/*.html", { cwd: dist }).filter((file) => !leads.has(file));
    const found = built
      .filter((file) => file !== "index.html" && file !== "404.html")
      .map((file) => [file, readFileSync(join(dist, file), "utf8")] as const);
    assert.deepEqual(
      found.filter(([file, html]) => !isLinked(file, html)).map(([file]) => file),
      [],
    );
    const files = globSync("docs/*/**/*.md").map((file) => file.replace(/^docs\/(.*)md$/u, "$1html"));
    const others = ["architecture", "changelog", "check", "commands", "contributing", "security"];
    const all = [...files, ...others.map((other) => `${other}.html`)];
    assert.deepEqual(found.map(([file]) => file).toSorted(), all.toSorted());
    const [[file, html] = ["", ""]] = found;
    assert.ok(
      isLinked(file, html) && !isLinked(file, html.replaceAll(`href="/${file}"`, 'href="/gone.html"')),
    );
  });

  test(
    "is seen to have a side bar that is too long, or shows another place than the page's",
    options,
    async () => {
      await show("/reference/causes/DocumentMissing.html", 1280, "light");
      await eventually(isMarked);
      await page.evaluate("document.querySelector('.VPSidebar').scrollTop = 0");
      assert.deepEqual(await sideBarFaults(), ["is not marked where its side bar is in view"]);
      await page.evaluate(
        "for (const group of document.querySelectorAll('.VPSidebarItem.collapsed')) group.classList.remove('collapsed')",
      );
      assert.match((await sideBarFaults()).join(), /has a side bar of 2\d\d lines/u);
    },
  );

  test("leads from every old place to the new one", options, async () => {
    for (const [from, to] of Object.entries(redirects)) {
      await page.open(`${site.url}/${from}.html`);
      await eventually(`location.pathname === ${JSON.stringify(`/${to}.html`)}`);
    }
  });

  test(
    "is read by keyboard: the first tab skips to the content, and search opens and leads on",
    options,
    async () => {
      await show("/how-to/aws.html", 1280, "light");
      await press("Tab");
      assert.equal(await page.evaluate("document.activeElement.textContent.trim()"), "Skip to content");
      await press("Enter");
      await eventually("location.hash === '#VPContent'");
      await press("k", control);
      await eventually("document.activeElement?.id === 'localsearch-input'");
      await page.call("Input.insertText", { text: "distrust" });
      await eventually("document.querySelectorAll('.VPLocalSearchBox .result').length > 0");
      const [first = ""] = await page.evaluate<string[]>(results);
      await press("Enter");
      await eventually(`location.pathname === ${JSON.stringify(first)}`);
    },
  );
});

/** Pages that a search found, best first. */
const results =
  "[...new Set([...document.querySelectorAll('.VPLocalSearchBox .result')].map((one) => new URL(one.href).pathname))]";

/** What a person types, and the page that is right for it. */
const wanted: readonly (readonly [words: string, page: string])[] = [
  ["IRSA", "/how-to/workload.html"],
  ["JWKS", "/how-to/publish.html"],
  ["kid", "/how-to/rotate.html"],
  ["thumbprint", "/reference/causes/ThumbprintMismatch.html"],
  ["audience", "/reference/sts-rules.html"],
  ["AccessDenied", "/how-to/explain.html"],
  ["InvalidIdentityToken", "/how-to/explain.html"],
  ["trust policy", "/check.html"],
  ["webhook", "/how-to/webhook.html"],
  ["rotate", "/how-to/rotate.html"],
  ["k3s", "/reference/api-server.html"],
  ["kubeadm", "/reference/api-server.html"],
  ["Talos", "/reference/api-server.html"],
  ["boto3", "/how-to/sandbox/python.html"],
  ["testcontainers", "/how-to/sandbox/container.html"],
  ["moto", "/explanation/other-emulators.html"],
  ["LocalStack", "/explanation/other-emulators.html"],
  ["Argo CD", "/how-to/gitops.html"],
  ["external-secrets", "/how-to/use-it-with.html"],
  ["service-account-issuer", "/how-to/publish.html"],
];

describe("a search of the site", () => {
  before(async () => {
    if (missing !== undefined) return;
    await show("/security.html", 1280, "light");
    // The box would begin with what was searched for last.
    await page.evaluate("sessionStorage.clear()");
    await press("k", control);
    await eventually("document.activeElement?.id === 'localsearch-input'");
  });

  for (const [words, right] of wanted) {
    test(`for ${words} has ${right} among its first three pages`, options, async () => {
      // Each search from an empty box, or what was found before would be read as what is found.
      await page.evaluate("document.activeElement.select()");
      await press("Backspace");
      await eventually(`${results}.length === 0`);
      await page.call("Input.insertText", { text: words });
      await eventually(`${results}.length > 0`);
      const found = await page.evaluate<string[]>(results);
      assert.ok(found.slice(0, 3).includes(right), found.slice(0, 6).join(" "));
    });
  }
});

/** The rule by which `podtrust explain` decides, with the issuer's documents beside; undefined where none refuses. */
async function explained(token: string, trustPolicy: string): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "podtrust-check-"));
  const files = {
    token,
    trust: trustPolicy,
    discovery: discovery(),
    jwks: JSON.stringify({ keys: [signer.jwk] }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const given = ["--trust-policy", "trust", "--discovery", "discovery", "--jwks", "jwks"];
  const call = ["--role", roleArn, "--at", String(now), "--session-name", "check", "--json"];
  const { out } = await podtrustHere(["explain", "--token", "token", ...given, ...call], { cwd: folder });
  rmSync(folder, { recursive: true });
  const { refusal } = JSON.parse(out) as { refusal?: { rule: string } };
  return refusal?.rule;
}

/** What a person does: pastes, names role and time, and presses the button. */
function pasteAll(values: Readonly<Record<string, string>>): string {
  return `for (const [name, value] of Object.entries(${JSON.stringify(values)})) {
    const field = document.querySelector('.check [name="' + name + '"]');
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.querySelector(".check button").click();`;
}

describe("the page that checks a token", () => {
  test("names for each case of conformance the rule that podtrust explain names", options, async () => {
    await show("/check.html", 1280, "light");
    const found: (readonly [string, string | undefined])[] = [];
    const expected: (readonly [string, string | undefined])[] = [];
    for (const { what, token, trustPolicy } of await pastedCases()) {
      await page.evaluate(pasteAll({ token, policy: trustPolicy, role: roleArn, at: String(now) }));
      const rule = await page.evaluate<string | null>(
        "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(document.querySelector('.judgement .rule')?.textContent ?? null))))",
      );
      found.push([what, rule ?? undefined]);
      expected.push([what, await explained(token, trustPolicy)]);
    }
    assert.deepEqual(found, expected);
    const rules = new Set(expected.map(([, rule]) => rule));
    assert.ok(expected.length >= 20 && rules.size >= 12, [...rules].join(", "));
    assert.deepEqual(page.complaints, []);
  });

  test(
    "says of signature and thumbprint that they are not checked, and may connect to nobody",
    options,
    async () => {
      const text = await page.evaluate<string>("document.querySelector('.judgement').innerText");
      assert.match(text, /signature Not checked here/u);
      assert.match(text, /issuer-certificate Not checked here: the thumbprint/u);
      const refused = await page.evaluate<string>(
        "fetch('/index.html').then(() => 'fetched', (error) => error.name)",
      );
      assert.equal(refused, "TypeError");
      const policy = await page.evaluate<string>(
        "document.querySelector('meta[http-equiv=Content-Security-Policy]').content",
      );
      assert.match(policy, /connect-src 'none'/u);
    },
  );

  test("says of what is no policy what is wrong with it, and shows none of the token", options, async () => {
    await page.evaluate(pasteAll({ token: "not.a.token", policy: "{", role: roleArn }));
    await eventually("/policy/i.test(document.querySelector('.judgement .verdict').textContent)");
  });
});
