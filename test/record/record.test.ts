/** The recorder, with podtrust's own stand-ins as the vendors: they do as our rules say, and keep what they are told. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, test, type TestContext } from "node:test";
import { SwiftClock } from "../support/swift-clock.ts";
import { disagreements } from "./compare.ts";
import { DocumentsFolder } from "./documents-folder.ts";
import { readOptions, UsageError } from "./options.ts";
import { type Recording, vendorNames } from "./recording.ts";
import { startStandInVendors, type StandInVendors, theirs } from "./stand-in-vendors.ts";
import { documentsOf, makeSigners } from "./tokens.ts";
import { stsOf } from "./wiring.ts";

/** How the values look that no file may have: ids, tokens, accounts, names of a run's own. */
const valueForms = [
  /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu,
  /eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/gu,
  /ya29[\w.-]{10,}/gu,
  /\b\d{12}\b/gu,
  /\b(?:AROA|ASIA|AKIA)[A-Z0-9]{8,}/gu,
  /podtrust-record-[0-9a-f]{6}/gu,
];

/** What a recording has to say of a question at a stand-in, whose delays are known. */
const measured: Readonly<
  Record<string, readonly [granted: number | undefined, refused: number | undefined]>
> = {
  "age of a good token": [82_800, 90_000],
  // What podtrust reads of a token at most.
  "size of a token": [64_000, 128_000],
  "size of an assertion": [64_000, 128_000],
  "seconds after the end": [290, 310],
  "seconds before the beginning": [290, 310],
  "seconds before issue": [290, 310],
  "federated credentials of an identity": [20, 21],
  "federated credentials of an application": [20, 21],
};

/** Whether an address is where a vendor gives tokens. */
const isTokenCall = (url: string): boolean => /\/token$|^http:\/\/127\.0\.0\.1:\d+\/$/u.test(url);

function found({ questions }: Recording, name: string): Recording["questions"][number] {
  const one = questions.find(({ question }) => question === name);
  assert.ok(one !== undefined, name);
  return one;
}

describe("npm run record", () => {
  let vendors: StandInVendors;
  before(async () => {
    vendors = await startStandInVendors();
  });
  after(() => vendors?.close());

  for (const vendor of vendorNames) {
    test(`asks ${vendor} every case and every question, agrees with our rules, and leaves nothing`, async () => {
      vendors.traffic.length = 0;
      const { recorder, used, lines, go, text: textOf } = await vendors.run(vendor);
      const recording = await go();
      const { cases, questions } = recorder.cases;
      assert.deepEqual(
        lines.filter((line) => /left out|no provider|not removed/u.test(line)),
        [],
      );
      assert.deepEqual(
        recording.cases.map((one) => one.case),
        cases.map(({ name }) => name),
      );
      assert.deepEqual(
        recording.questions.map(({ question }) => question),
        Object.keys(questions),
      );
      assert.deepEqual(await disagreements(recording, recorder.cases), []);
      for (const [name, [granted, refused]] of Object.entries(measured).filter(([one]) => one in questions))
        assert.deepEqual(
          [found(recording, name).granted, found(recording, name).refused],
          [granted, refused],
          name,
        );
      assert.deepEqual(await vendors.standing(vendor), theirs[vendor]);

      const text = await textOf(recording);
      const traffic = vendors.traffic.join("\n");
      const values = new Set(valueForms.flatMap((form) => traffic.match(form) ?? []));
      assert.ok(values.size > 20, `${values.size} values went over the wire`);
      assert.deepEqual(
        [...values, ...used].filter((value) => text.includes(value)),
        [],
      );
    });

    test(`takes away what it made at ${vendor} where a call of it fails, and says so where it cannot`, async () => {
      const { lines, go } = await vendors.run(vendor);
      let calls = 0;
      vendors.onSend = (url) => {
        calls += isTokenCall(url) ? 1 : 0;
        if (calls >= 20 && isTokenCall(url)) throw new Error("the network is away");
      };
      await assert.rejects(go(), /the network is away, for five minutes/u);
      vendors.onSend = () => undefined;
      assert.deepEqual(
        lines.filter((line) => line.startsWith("not removed")),
        [],
      );
      assert.deepEqual(await vendors.standing(vendor), theirs[vendor]);
    });

    test(`leaves out at ${vendor} the one case that has no answer, and goes on`, async () => {
      const { recorder, lines, go } = await vendors.run(vendor);
      let calls = 0;
      const leftOut = (): readonly string[] => lines.filter((line) => line.startsWith("left out"));
      vendors.onSend = (url) => {
        calls += isTokenCall(url) ? 1 : 0;
        if (calls >= 20 && isTokenCall(url) && leftOut().length === 0) throw new Error("reset");
      };
      const { cases } = await go();
      vendors.onSend = () => undefined;
      assert.equal(leftOut().length, 1);
      assert.match(leftOut()[0] ?? "", /reset, for five minutes$/u);
      assert.equal(cases.length, recorder.cases.cases.length - 1);
    });

    test(`removes from ${vendor} what a run left that was killed, and nothing that is somebody else's`, async () => {
      const { recorder } = await vendors.run(vendor);
      await recorder.open();
      assert.ok((await vendors.standing(vendor)).length > theirs[vendor].length);
      const swept = await (await vendors.run(vendor)).recorder.sweep();
      assert.ok(swept.length > 0);
      assert.deepEqual(await vendors.standing(vendor), theirs[vendor]);
      assert.deepEqual(await recorder.close(), [], "what is gone is as good as removed");
    });
  }

  test("takes AWS's fault for its answer where it comes again and again", async () => {
    const { recorder, go } = await vendors.run("aws");
    const { cases } = await go();
    const nulls = cases.filter(({ status }) => status === 500);
    assert.ok(nulls.length > 0);
    for (const one of nulls) assert.equal((await recorder.cases.judge(one.case)).status, 500, one.case);
  });

  test("keeps no name of a company that Entra has in its words, and no value that is a word of them", async () => {
    vendors.onReply = (_url, { status, text }) => ({
      status,
      text: text.replaceAll(/\b(tenant|application|audience|identity)\b/gu, "$1 Contoso Bank Application"),
    });
    const { go, text } = await vendors.run("azure");
    const recording = await text(await go());
    vendors.onReply = (_url, reply) => reply;
    assert.doesNotMatch(recording, /contoso|bank/iu);
    assert.match(recording, /"text": "[A-Z][a-z]+ /u);
  });

  test("takes no 401 for a measure: the token has ended, and not the vendor's patience", async () => {
    vendors.onReply = (url, reply) =>
      url.includes("federatedIdentityCredentials/more-")
        ? { status: 401, text: '{"error":{"code":"ExpiredAuthenticationToken","message":"it has expired"}}' }
        : reply;
    const { lines, go } = await vendors.run("azure");
    const { questions } = await go();
    vendors.onReply = (_url, reply) => reply;
    const name = "federated credentials of an identity";
    assert.ok(!questions.some(({ question }) => question === name));
    assert.ok(lines.includes(`left out: ${name}: the access token is not taken any more`), lines.join("\n"));
    assert.ok(questions.length > 3);
  });

  test("begins nothing with a token that ends before the run may, and says which wait would fit", async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const [minutes, said] of [
      [20, /the access token ends in (?:19|20) minutes, and the run may take 45 minutes: .*--max-wait 1$/u],
      [1, /the access token ends in .*: take a fresh one$/u],
    ] as const) {
      const exp = Math.floor(vendors.now() / 1000) + minutes * 60;
      const token = `${part({ alg: "RS256" })}.${part({ exp })}.c2ln`;
      const { go } = await vendors.run("azure", { env: { AZURE_ACCESS_TOKEN: token } });
      vendors.traffic.length = 0;
      await assert.rejects(go(), said);
      assert.deepEqual(vendors.traffic, []);
      assert.deepEqual(await readdir(vendors.folder), [".well-known", "openid"]);
    }
  });

  test("removes the documents that a killed run left in the folder", async () => {
    const killed = await vendors.run("azure");
    await killed.recorder.open();
    const { lines, go } = await vendors.run("azure");
    await go();
    assert.ok(lines.includes("removed /openid/v1/jwks, which an earlier run left behind"), lines.join("\n"));
  });

  test("ends at a signal, and takes away what it made", async () => {
    const ending = new AbortController();
    const { go } = await vendors.run("gcp", { signal: ending.signal });
    let calls = 0;
    vendors.onSend = () => {
      calls += 1;
      if (calls === 30) ending.abort(new Error("SIGINT"));
    };
    await assert.rejects(go(), /SIGINT/u);
    vendors.onSend = () => undefined;
    assert.deepEqual(await vendors.standing("gcp"), theirs.gcp);
  });
});

describe("the command line of npm run record", () => {
  test("asks STS of China at its own domain", () => {
    assert.equal(stsOf("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn");
    assert.equal(stsOf("eu-central-1"), "https://sts.eu-central-1.amazonaws.com");
  });

  const gcp = ["gcp", "--project", "my-shop", "--project-number", "123456789012"];

  test("makes nothing without --yes-this-costs or a token, and says what would be made", () => {
    const file = join(import.meta.dirname, "main.ts");
    const { status, stderr } = spawnSync(process.execPath, [file, ...gcp], { encoding: "utf8", env: {} });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /makes a workload identity pool and a service account .*--yes-this-costs\n$/u);
    const without = spawnSync(process.execPath, [file, ...gcp, "--yes-this-costs"], {
      encoding: "utf8",
      env: {},
    });
    assert.deepEqual(
      [without.status, without.stderr],
      [2, 'no access token: export GOOGLE_OAUTH_ACCESS_TOKEN="$(gcloud auth print-access-token)"\n'],
    );
  });

  test("takes what a vendor wants", () => {
    assert.deepEqual(readOptions([...gcp, "--yes-this-costs", "--max-wait", "5"]), {
      vendor: "gcp",
      out: "test/conformance/recordings/gcp.json",
      maxWait: 5,
      given: { project: "my-shop", "project-number": "123456789012" },
    });
  });

  for (const [what, words, said] of [
    ["no vendor", ["--yes-this-costs"], /aws\|gcp\|azure/u],
    ["a vendor that is none", ["ibm", "--yes-this-costs"], /aws\|gcp\|azure/u],
    ["a flag that is none", ["gcp", "--force"], /--force/u],
    ["another vendor's flag", [...gcp, "--region", "eu-central-1"], /gcp has no --region/u],
    ["a flag less", ["gcp", "--project", "my-shop", "--yes-this-costs"], /gcp wants --project-number/u],
    ["an issuer without a folder", [...gcp, "--issuer", "https://a.example"], /go together/u],
    [
      "the project's id for its number",
      ["gcp", "--project", "my-shop", "--project-number", "my-shop"],
      /another form/u,
    ],
    ["a wait of nothing", [...gcp, "--yes-this-costs", "--max-wait", "0"], /--max-wait/u],
  ] as const)
    test(`refuses ${what}`, () => {
      assert.throws(
        () => readOptions(words),
        (error: Error) => error instanceof UsageError && said.test(error.message),
      );
    });
});

describe("the folder of a run's issuer", () => {
  const url = "https://record.example.test";

  async function folderOf(
    t: TestContext,
    serves: (path: string) => Promise<string>,
    given?: string,
  ): Promise<DocumentsFolder> {
    const folder = given ?? (await mkdtemp(join(tmpdir(), "podtrust-record-")));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return new DocumentsFolder({
      url,
      folder,
      clock: new SwiftClock(),
      signal: new AbortController().signal,
      say: () => undefined,
      send: async (asked) => ({ status: 200, text: await serves(join(folder, asked.slice(url.length))) }),
    });
  }

  test("is written, waited for until it is served, written anew, and emptied", async (t) => {
    const { own, next } = await makeSigners();
    let looks = 0;
    let folder = "";
    const place = await folderOf(t, async (file) => {
      folder = file.replace(/\/(?:\.well-known|openid)\/.*$/u, "");
      looks += 1;
      return looks < 4 ? "an old copy" : readFile(file, "utf8");
    });
    await place.publish(documentsOf(url, [own]));
    assert.ok(looks >= 5);
    await place.publish(documentsOf(url, [own, next]));
    assert.match(await readFile(join(folder, "openid/v1/jwks"), "utf8"), /"second"/u);
    await place.clear();
    assert.deepEqual(
      [await readdir(join(folder, ".well-known")), await readdir(join(folder, "openid/v1"))],
      [[], []],
    );
  });

  test("has what a killed run left removed, and what somebody has changed since stays", async (t) => {
    const { own } = await makeSigners();
    let folder = "";
    const serves = (file: string): Promise<string> => {
      folder = file.replace(/\/(?:\.well-known|openid)\/.*$/u, "");
      return readFile(file, "utf8");
    };
    const killed = await folderOf(t, serves);
    await killed.publish(documentsOf(url, [own]));
    const changed = join(folder, "openid/v1/jwks");
    await writeFile(changed, "{}");
    const next = await folderOf(t, serves, folder);
    assert.deepEqual(await next.sweep(), ["/.well-known/openid-configuration"]);
    assert.equal(await readFile(changed, "utf8"), "{}");
    assert.deepEqual(await next.sweep(), []);
    await assert.rejects(next.publish(documentsOf(url, [own])), /is there already/u);
    await rm(changed);
    await next.publish(documentsOf(url, [own]));
  });

  test("is given up where nobody serves it, with what is missing", async (t) => {
    const { own } = await makeSigners();
    const place = await folderOf(t, () => Promise.resolve("an old copy"));
    await assert.rejects(
      place.publish(documentsOf(url, [own])),
      /openid-configuration has not what .* after 15 minutes/u,
    );
  });

  test("is refused where an issuer's documents stand in it already, which stay", async (t) => {
    const { own } = await makeSigners();
    const folder = await mkdtemp(join(tmpdir(), "podtrust-record-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, ".well-known/openid-configuration");
    await mkdir(join(folder, ".well-known"));
    await writeFile(file, "{}");
    const place = new DocumentsFolder({
      url,
      folder,
      clock: new SwiftClock(),
      signal: new AbortController().signal,
      say: () => undefined,
      send: () => Promise.reject(new Error("nobody is asked")),
    });
    await assert.rejects(place.publish(documentsOf(url, [own])), /is there already/u);
    assert.equal(await readFile(file, "utf8"), "{}");
  });
});
