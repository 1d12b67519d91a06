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
import { type Recording, recordingText, vendorNames } from "./recording.ts";
import { startStandInVendors, type StandInVendors, theirs } from "./stand-in-vendors.ts";
import { documentsOf, makeSigners } from "./tokens.ts";

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
      const { recorder, used, lines, go } = await vendors.run(vendor);
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

      const text = recordingText(recording, used);
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
      vendors.onSend = () => {
        calls += 1;
        if (calls === 20) throw new Error("the network is away");
      };
      await assert.rejects(go(), /the network is away/u);
      vendors.onSend = () => undefined;
      assert.deepEqual(
        lines.filter((line) => line.startsWith("not removed")),
        [],
      );
      assert.deepEqual(await vendors.standing(vendor), theirs[vendor]);
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

  test("ends at a signal, and takes away what it made", async () => {
    const ending = new AbortController();
    const { go } = await vendors.run("gcp", ending.signal);
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
  ): Promise<DocumentsFolder> {
    const folder = await mkdtemp(join(tmpdir(), "podtrust-record-"));
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
