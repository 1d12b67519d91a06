import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { AttachRolePolicyCommand } from "@aws-sdk/client-iam";
import { defined } from "../../src/core/base/index.ts";
import { type BrowserPage, browserMissing, openBrowser } from "../support/chromium.ts";
import { contrast } from "../support/contrast.ts";
import { keysOf, policy, startTestSandbox, subject, type TestSandbox } from "../support/sandbox.ts";
import { until } from "../support/until.ts";

const missing = await browserMissing();
if (missing !== undefined && process.env["CI"] === "true") throw new Error(missing);
if (missing !== undefined) console.log(`left out: the page in a real browser: ${missing}`);
const options = defined({ skip: missing });

let world: TestSandbox;
let page: BrowserPage;

before(async () => {
  if (missing !== undefined) return;
  world = await startTestSandbox({ propagationMs: 8000 });
  const deny = { Effect: "Deny", Action: "ssm:GetParameter", Resource: "*" };
  const arn = await world.role("demo", { policy: policy(deny) });
  const readOnly = "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess";
  await world.iam().send(new AttachRolePolicyCommand({ RoleName: "demo", PolicyArn: readOnly }));
  await world.ssm().send(new PutParameterCommand({ Name: "/demo/kept-out", Value: "v", Type: "String" }));
  world.clock.jump(9000);
  const hostile = "<img src=https://elsewhere.example/x onerror=document.title='broken'>";
  await assert.rejects(world.assume({ role: arn, token: await world.token({ sub: hostile }) }));
  const job = world.ssm(keysOf(await world.assume({ role: arn, token: await world.token() })));
  await assert.rejects(job.send(new GetParameterCommand({ Name: "/demo/kept-out" })));
  await world.role("fresh");
  page = await openBrowser();
  await page.call("Page.addScriptToEvaluateOnNewDocument", { source: counting });
});
after(async () => {
  await page?.close();
  await world?.close();
});

/** How often the page's timer has fired, and how often the page has asked for something. */
interface Counts {
  readonly ticks: number;
  readonly asked: number;
}

/** Runs in the page before its own script. */
const counting = `
  window.counts = { ticks: 0, asked: 0 };
  const [realFetch, realInterval] = [window.fetch, window.setInterval];
  window.fetch = (...args) => ((counts.asked += 1), realFetch(...args));
  window.setInterval = (run, ms) => realInterval(() => { run(); counts.ticks += 1; }, ms);
`;

/** Waits until an expression is true in the page. */
async function eventually(expression: string): Promise<void> {
  await until(expression, () => page.evaluate<boolean>(expression));
}

test("a browser shows decisions, providers and roles, and loads nothing else", options, async () => {
  await page.open(world.sandbox.url);
  const text = await page.evaluate<string>("document.body.innerText");
  assert.match(text, /This is a sandbox, a stand-in/u);
  assert.ok(text.includes(world.issuer.issuer));
  assert.ok(text.includes(`sub StringEquals ${subject}`));
  assert.match(text, /with an explicit deny in an identity-based policy/u);
  assert.match(text, /new: STS does not see it yet/u);
  assert.equal(await page.evaluate("document.title"), "podtrust sandbox · account 111122223333");
  assert.equal(await page.evaluate("document.querySelectorAll('img').length"), 0);
  for (const url of page.requests) assert.match(url, /^(?:data:|http:\/\/127\.0\.0\.1:)/u);
  assert.deepEqual(page.complaints, []);
});

test(
  "the style sheet is in force, light and dark, and its texts stand out from their ground",
  options,
  async () => {
    for (const scheme of ["light", "dark"]) {
      await page.call("Emulation.setEmulatedMedia", {
        features: [{ name: "prefers-color-scheme", value: scheme }],
      });
      const worst = await page.evaluate<{ ratio: number; text: string }>(contrast);
      assert.ok(worst.ratio >= 4.5, `${scheme}: ${worst.ratio} for "${worst.text}"`);
      const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      assert.equal(ground, scheme === "light" ? "rgb(246, 247, 249)" : "rgb(20, 23, 28)");
      const folder = process.env["PODTRUST_SCREENSHOTS"];
      if (folder === undefined) continue;
      const { data } = await page.call("Page.captureScreenshot", { captureBeyondViewport: true });
      await writeFile(`${folder}/page-${scheme}.png`, Buffer.from(String(data), "base64"));
    }
  },
);

test("the browser's accessibility tree has headings, tables and regions by name", options, async () => {
  await page.call("Accessibility.enable");
  const { nodes } = await page.call("Accessibility.getFullAXTree");
  const named = (nodes as { role?: { value: string }; name?: { value: string } }[]).map(
    ({ role, name }) => `${role?.value ?? ""} ${name?.value ?? ""}`,
  );
  assert.ok(named.some((node) => node === "heading podtrust sandbox"));
  for (const title of ["Decisions", "OIDC providers", "Roles"]) {
    assert.ok(
      named.some((node) => node.startsWith(`heading ${title}`)),
      title,
    );
    assert.ok(
      named.some((node) => node.startsWith(`region ${title}`)),
      title,
    );
  }
  assert.ok(named.includes("columnheader Why"));
  assert.ok(named.some((node) => node === "button Pause updates"));
  assert.ok(named.includes("link Skip to the decisions"));
});

test("the page does not scroll sideways on a telephone", options, async () => {
  await page.call("Emulation.setDeviceMetricsOverride", {
    width: 375,
    height: 800,
    deviceScaleFactor: 2,
    mobile: true,
  });
  const [content, window] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, document.documentElement.clientWidth]",
  );
  assert.ok(content <= window, `${content} > ${window}`);
  await page.call("Emulation.clearDeviceMetricsOverride");
});

test(
  "new decisions appear by themselves, opened policies stay open, and a button stops it",
  options,
  async () => {
    await page.evaluate("document.querySelector('#roles details').open = true");
    await world.ssm().send(new PutParameterCommand({ Name: "/seen/live", Value: "v", Type: "String" }));
    await eventually("document.querySelector('#decisions').innerText.includes('parameter/seen/live')");
    await world.role("later");
    await eventually("document.querySelector('#roles').innerText.includes('role/later')");
    assert.equal(await page.evaluate("document.querySelector('#roles details').open"), true);
    await page.evaluate("document.getElementById('pause').click()");
    assert.equal(await page.evaluate("document.getElementById('pause').textContent"), "Resume updates");
    await world.ssm().send(new PutParameterCommand({ Name: "/not/seen", Value: "v", Type: "String" }));
    const { ticks, asked } = await page.evaluate<Counts>("counts");
    await eventually(`counts.ticks >= ${ticks + 2}`);
    assert.equal(await page.evaluate("counts.asked"), asked);
    assert.equal(await page.evaluate("document.body.innerText.includes('parameter/not/seen')"), false);
    await page.evaluate("document.getElementById('pause').click()");
    await eventually("document.querySelector('#decisions').innerText.includes('parameter/not/seen')");
    assert.deepEqual(page.complaints, []);
  },
);

test("a hundred decisions leave providers and roles in reach, and links lead there", options, async () => {
  for (let call = 0; call < 100; call += 1) {
    await world.ssm().send(new PutParameterCommand({ Name: `/many/${call}`, Value: "v", Type: "String" }));
  }
  await page.open(world.sandbox.url);
  const top = (id: string): string =>
    `document.getElementById("${id}").getBoundingClientRect().top + scrollY`;
  assert.ok((await page.evaluate<number>(top("providers"))) < 1500);
  assert.ok((await page.evaluate<number>(top("roles"))) < 2500);
  await page.evaluate("document.querySelector('nav a[href=\"#roles\"]').click()");
  await eventually("location.hash === '#roles'");
});

test(
  "a filter leaves those decisions and roles that have all its words, also after new ones have come",
  options,
  async () => {
    const type = (part: string, words: string): Promise<unknown> =>
      page.evaluate(
        `(() => { const input = document.querySelector('[data-filters="${part}-live"]'); input.value = ${JSON.stringify(words)}; input.dispatchEvent(new Event("input")); })()`,
      );
    const seen = (part: string): string =>
      `[...document.querySelectorAll("#${part} tbody tr")].filter((row) => row.offsetParent !== null).map((row) => row.innerText)`;
    await page.open(world.sandbox.url);
    await type("roles", "FRESH role");
    const roles = await page.evaluate<string[]>(seen("roles"));
    assert.equal(roles.length, 1);
    assert.match(roles[0] ?? "", /role\/fresh/u);
    await type("decisions", "many/9");
    const first = await page.evaluate<string[]>(seen("decisions"));
    assert.equal(first.length, 11);
    await world.ssm().send(new PutParameterCommand({ Name: "/hidden/one", Value: "v", Type: "String" }));
    await world.ssm().send(new PutParameterCommand({ Name: "/many/9x", Value: "v", Type: "String" }));
    await eventually('document.querySelector("#decisions").textContent.includes("/hidden/one")');
    const later = await page.evaluate<string[]>(seen("decisions"));
    assert.equal(later.length, 12);
    assert.ok(later.every((text) => text.includes("many/9")));
    await type("decisions", "");
    assert.ok((await page.evaluate<string[]>(seen("decisions"))).length > 90);
  },
);

test("the page controls the sandbox with its token, and not without", options, async () => {
  const set = (id: string, value: string, event = "input"): Promise<unknown> =>
    page.evaluate(
      `(() => { const field = document.getElementById("${id}"); field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event("${event}")); })()`,
    );
  const click = (path: string): Promise<unknown> =>
    page.evaluate(`document.querySelector('#control [data-path="${path}"]').click()`);
  const said = (words: string): Promise<void> =>
    eventually(`document.getElementById("control-said").textContent.includes(${JSON.stringify(words)})`);
  await page.open(world.sandbox.url);
  await set("control-token", "guessed");
  await click("reset");
  await said("the control token is missing or wrong");
  await set("control-token", world.sandbox.controlToken);
  await click("spread");
  await said("Done: Spread IAM's changes now");
  await eventually("!document.querySelector('#roles').innerText.includes('does not see it yet')");
  await click("clock");
  await said("Done: Move the clock an hour on");
  assert.equal(world.sandbox.clock.ahead, 3_600_000);
  await set("issuer-fault", "key-gone", "change");
  await said("Done: the issuer fails: key-gone");
  await click("reset");
  await said("Done: Reset the account");
  await eventually("document.querySelector('#roles').innerText.includes('No role yet')");
  assert.equal(world.sandbox.clock.ahead, 0);
  // The browser itself reports the request that was refused.
  assert.deepEqual(
    page.complaints.filter((one) => !one.includes("401")),
    [],
  );
});

test("a name that was pointed at the sandbox from outside gets no page", options, async () => {
  const { port } = new URL(world.sandbox.url);
  // Any name below localhost resolves to loopback in a browser; a foreign one only with the owner's DNS.
  await page.open(`http://sandbox.localhost:${port}/`);
  assert.equal(await page.evaluate("document.querySelector('h1').textContent"), "podtrust sandbox");
  const foreign = await rebound(port);
  assert.equal(foreign.status, 421);
  assert.ok(!foreign.body.includes("role"));
});

async function rebound(port: string): Promise<{ status: number; body: string }> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, headers: { host: `evil.example:${port}` } }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });
}
