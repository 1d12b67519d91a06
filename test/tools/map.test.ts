import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { defined } from "../../src/core/base/index.ts";
import { mapPage, serveMap, trustMap } from "../../src/map/index.ts";
import { manyFacts, hostileMap, smallFacts } from "../map/worlds.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";
import { contrast } from "../support/contrast.ts";
import { until } from "../support/until.ts";

const missing = await browserMissing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the trust map in a real browser: ${missing}`);
const options = defined({ skip: missing });

let folder: string;
let page: BrowserPage;

before(async () => {
  if (missing !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), "podtrust-map-"));
  page = await openBrowser();
});
after(async () => {
  await page?.close();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** Opens a page as the file that podtrust map writes. */
async function openFile(text: string): Promise<void> {
  const file = join(folder, "map.html");
  await writeFile(file, text, { mode: 0o600 });
  await page.open(pathToFileURL(file).href);
  await drawn();
}

const drawn = (): Promise<unknown> =>
  until("the picture is drawn", () =>
    page.evaluate<boolean>("document.querySelector('#picture-drawn svg') !== null"),
  );

const scheme = (value: string): Promise<unknown> =>
  page.call("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value }] });

const width = (pixels: number): Promise<unknown> =>
  page.call("Emulation.setDeviceMetricsOverride", {
    width: pixels,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });

/** Keeps a screenshot of the page. */
async function keep(name: string): Promise<void> {
  const place = process.env["PODTRUST_SCREENSHOTS"];
  if (place === undefined) return;
  const { data } = await page.call("Page.captureScreenshot", {
    captureBeyondViewport: !name.includes("any"),
  });
  await writeFile(`${place}/map-${name}.png`, Buffer.from(String(data), "base64"));
}

const set = (id: string, value: string): Promise<unknown> =>
  page.evaluate(
    `(() => { const field = document.getElementById("${id}"); field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event("input")); })()`,
  );

const said = (text: string): Promise<unknown> =>
  until(text, () =>
    page.evaluate<boolean>(`document.getElementById("f-shown").textContent === ${JSON.stringify(text)}`),
  );

const visible = (selector: string): Promise<string[]> =>
  page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].filter((one) => !one.hidden).map((one) => one.textContent)`,
  );

const drawnTexts = (): Promise<string[]> =>
  page.evaluate("[...document.querySelectorAll('#picture-drawn a title')].map((one) => one.textContent)");

test("a browser draws the map from the file alone, in both schemes and at 400 pixels", options, async () => {
  for (const value of ["light", "dark"]) {
    for (const pixels of [1200, 400]) {
      await scheme(value);
      await width(pixels);
      await openFile(mapPage(trustMap(smallFacts())));
      await keep(`${value}-${pixels}`);
      const worst = await page.evaluate<{ ratio: number; text: string }>(contrast);
      assert.ok(worst.ratio >= 4.5, `${value}: ${worst.ratio} for "${worst.text}"`);
      const [content, window] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
      );
      assert.ok(content <= window, `${pixels}: ${content} > ${window}`);
    }
  }
  const texts = await drawnTexts();
  for (const name of ["shop/web", "web", "first", "before", "https://oidc.example.com"])
    assert.ok(texts.includes(name), name);
  const looks = await page.evaluate<string[]>(
    "[...new Set([...document.querySelectorAll('#picture-drawn path')].map((one) => one.getAttribute('class')))]",
  );
  for (const look of ["accepted", "refused", "undecided", "admitted"]) assert.ok(looks.includes(look), look);
  for (const url of page.requests) assert.match(url, /^(?:file:|data:|about:)/u);
  assert.deepEqual(page.complaints, []);
});

test(
  "names with HTML in them stay texts in lists and picture, and nothing of them runs",
  options,
  async () => {
    await width(1200);
    await openFile(mapPage(hostileMap()));
    assert.equal(await page.evaluate("document.querySelectorAll('img, main script, svg script').length"), 0);
    assert.ok((await drawnTexts()).some((text) => text.includes("<img src=x onerror=alert(1)>")));
    assert.deepEqual(page.complaints, []);
  },
);

test("filters by namespace, account and role, in lists and picture alike", options, async () => {
  await openFile(mapPage(trustMap(smallFacts())));
  await said("7 of 7 ways shown");
  await set("f-namespace", "batch");
  await said("2 of 7 ways shown");
  assert.deepEqual((await visible(".role")).length, 1);
  assert.ok(!(await drawnTexts()).includes("shop/web"));
  await set("f-namespace", "");
  await set("f-role", "WEB");
  await said("1 of 7 ways shown");
  assert.deepEqual(await visible(".sa:not([hidden]) code"), ["shop/web"]);
  await page.evaluate("document.getElementById('f-clear').click()");
  await said("7 of 7 ways shown");
});

test(
  "a thousand bindings are drawn by namespace and account, and a box leads to its own",
  options,
  async () => {
    await openFile(mapPage(trustMap(manyFacts(1000))));
    await said("1000 of 1000 ways shown");
    assert.equal((await visible(".role")).length, 50);
    assert.deepEqual(await visible("#roles .more"), ["Show 50 more of 1000"]);
    await page.evaluate("document.querySelector('#roles .more').click()");
    await until("a hundred roles", async () => (await visible(".role")).length === 100);
    const last = await page.evaluate<string>("[...document.querySelectorAll('.role')].at(-1).id");
    await page.evaluate(`document.querySelector('#service-accounts a[href="#${last}"]').click()`);
    await until("the role that a link leads to", () =>
      page.evaluate<boolean>(`!document.getElementById("${last}").hidden`),
    );
    await keep("many");
    assert.ok((await drawnTexts()).includes("team-7"));
    await page.evaluate(
      "[...document.querySelectorAll('#picture-drawn a')].find((one) => one.querySelector('title').textContent === 'team-7').dispatchEvent(new MouseEvent('click', { cancelable: true, bubbles: true }))",
    );
    await said("20 of 1000 ways shown");
    assert.ok((await drawnTexts()).includes("team-7/app-7"));
    await keep("twenty-of-many");
  },
);

test(
  "the accessibility tree has headings, lists and fields by name, and the keyboard reaches a box",
  options,
  async () => {
    await openFile(mapPage(trustMap(smallFacts())));
    await page.call("Accessibility.enable");
    const { nodes } = await page.call("Accessibility.getFullAXTree");
    const named = (nodes as { role?: { value: string }; name?: { value: string } }[]).map(
      ({ role, name }) => `${role?.value ?? ""} ${name?.value ?? ""}`,
    );
    for (const one of [
      "heading Trust map of prod",
      "heading What lets in more than intended 4",
      "heading Who can become it",
      "search Filter",
      "link Skip to the lists",
      "region The picture",
    ])
      assert.ok(
        named.includes(one),
        `${one}: ${named.filter((name) => /^(?:heading|search|region)/u.test(name)).join("\n")}`,
      );
    for (const field of ["Namespace", "Account", "Role"])
      assert.ok(
        named.some((node) => /^(?:combobox|searchbox) /u.test(node) && node.endsWith(field)),
        field,
      );
    const press = async (key: string): Promise<void> => {
      for (const type of ["keyDown", "keyUp"])
        await page.call("Input.dispatchKeyEvent", {
          type,
          key,
          code: key,
          windowsVirtualKeyCode: key === "Tab" ? 9 : 13,
          ...(key === "Enter" && type === "keyDown" ? { text: "\r" } : {}),
        });
    };
    await page.evaluate("document.getElementById('f-clear').focus()");
    await press("Tab");
    assert.equal(await page.evaluate("document.activeElement.closest('#picture-drawn') !== null"), true);
    await press("Enter");
    await until("the place of the box", () => page.evaluate<boolean>("/^#n\\d+$/.test(location.hash)"));
  },
);

test(
  "a page that is served brings itself up to date, and keeps what was opened and filtered",
  options,
  async () => {
    const facts = smallFacts();
    const served = await serveMap(trustMap(facts), { port: 0, watch: 1 });
    try {
      await page.open(served.url);
      await drawn();
      await page.evaluate("document.querySelector('#roles details').open = true");
      await set("f-namespace", "batch");
      await said("2 of 7 ways shown");
      served.show(
        trustMap({
          ...facts,
          serviceAccounts: [...(facts.serviceAccounts ?? []), { namespace: "batch", name: "new" }],
        }),
      );
      await said("3 of 8 ways shown");
      assert.equal(await page.evaluate("document.querySelector('#roles details').open"), true);
      assert.equal(await page.evaluate("document.getElementById('f-namespace').value"), "batch");
      assert.deepEqual(page.complaints, []);
    } finally {
      await page.open("about:blank");
      await served.close();
    }
  },
);
