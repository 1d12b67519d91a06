/** `podtrust plan --bindings` at Google: what passes would write, by their own judges, and what they refuse. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { JsonRecord } from "../../src/core/base/index.ts";
import { type CliResult, podtrustHere } from "../support/cli.ts";
import type { Shown } from "../support/stack-world.ts";
import {
  environmentOf,
  type GoogleBindingsWorld,
  googleBindingsWorld,
  principal,
  projectNumber,
  report,
  shop,
  trustSpec,
  web,
} from "./bindings-world.ts";

const apiVersion = "podtrust.dev/v1alpha1";
const trustOf = (spec: JsonRecord = {}): JsonRecord => ({
  apiVersion,
  kind: "GCPTrust",
  metadata: { name: "default" },
  spec: { ...trustSpec, grants: [shop], ...spec },
});
const bindingOf = (spec: JsonRecord, whose: { namespace?: string; name?: string } = {}): JsonRecord => ({
  apiVersion,
  kind: "GCPServiceAccountBinding",
  metadata: { namespace: "shop", name: "web", ...whose },
  spec: { trust: "default", ...spec },
});
const roleOfMembers = "roles/iam.workloadIdentityUser";

interface FilesWorld {
  readonly google: GoogleBindingsWorld;
  readonly files: (...objects: readonly JsonRecord[]) => Promise<void>;
  readonly plan: (...more: string[]) => Promise<CliResult>;
  /** Of the one plan. */
  readonly planned: (...more: string[]) => Promise<Omit<Shown, "code"> & { readonly code: number | null }>;
  /** In another environment. */
  readonly planIn: (env: Readonly<Record<string, string>>) => Promise<CliResult>;
}

async function filesWorld(t: TestContext): Promise<FilesWorld> {
  const google = await googleBindingsWorld(t);
  const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-plan-"));
  t.after(() => rm(folder, { recursive: true }));
  const env = await environmentOf(folder, google.google, google.google.adminFile);
  const run = (more: readonly string[], with_: Readonly<Record<string, string>>): Promise<CliResult> =>
    podtrustHere(["plan", "--bindings", "bindings", ...more], {
      cwd: folder,
      env: with_,
      clock: google.clock,
    });
  return {
    google,
    async files(...objects) {
      const bindings = join(folder, "bindings");
      await rm(bindings, { recursive: true, force: true });
      await mkdir(bindings);
      for (const [index, one] of objects.entries())
        await writeFile(join(bindings, `${index}.json`), JSON.stringify(one));
    },
    plan: (...more) => run(more, env),
    async planned(...more) {
      const { code, out, err } = await run([...more, "--json"], env);
      const { plans } = JSON.parse(out) as { readonly plans: readonly Shown[] };
      const [first] = plans;
      assert.ok(first !== undefined && plans.length === 1, err);
      return { ...first, code };
    },
    planIn: (other) => run([], other),
  };
}

const idsOf = ({ changes }: Pick<Shown, "changes">): readonly string[] =>
  changes.map(({ id, kind }) => `${kind} ${id.replace(`gcp/${projectNumber}/member/bindings/`, "")}`);
const memberOf = (email: string, account: string): string =>
  `${email}/system:serviceaccount:${account.replace("/", ":")}`;

describe("podtrust plan --bindings of Google's files", () => {
  test("shows the member that a pass would write, beside that of another binding, and writes none", async (t) => {
    const world = await filesWorld(t);
    await world.files(trustOf(), bindingOf({ email: web }), bindingOf({ email: web }, { name: "api" }));
    const { code, out, err } = await world.plan();
    assert.equal(code, 0, err);
    assert.match(out, /^GCPTrust default, issuer https:\/\/oidc\.example\.com$/mu);
    assert.match(
      out,
      new RegExp(`^Google project ${projectNumber}, pool bindings, provider cluster at http`, "mu"),
    );
    assert.match(out, /principals +principal:\/\/iam\.googleapis\.com\/\S+:shop:web$/mu);
    assert.deepEqual(idsOf(await world.planned()), [
      `create ${memberOf(web, "shop/web")}`,
      `create ${memberOf(web, "shop/api")}`,
    ]);
    assert.equal((await world.plan("--check")).code, 3);
    assert.deepEqual(await world.google.members(), []);
  });

  test("shows nothing to do where a pass has done it", async (t) => {
    const world = await filesWorld(t);
    world.google.trust();
    world.google.bind({ email: web });
    await world.google.pass();
    await world.files(trustOf(), bindingOf({ email: web }));
    const { code, out, err } = await world.plan("--check");
    assert.equal(code, 0, err);
    assert.match(out, /^Nothing to do, 1 unchanged\.$/mu);
  });

  test("needs no more than to read", async (t) => {
    const world = await filesWorld(t);
    await world.files(trustOf({ grants: [{ ...shop, emails: [web, report] }] }), bindingOf({ email: web }));
    const roles = ["roles/iam.workloadIdentityPoolViewer", "roles/iam.serviceAccountViewer"];
    const { code, out, err } = await world.planIn(await world.google.environmentWith(roles));
    assert.equal(code, 0, err);
    assert.match(out, /^1 to create\.$/mu);
  });

  test("names the principal of a direct binding, which has roles by nobody else", async (t) => {
    const world = await filesWorld(t);
    await world.files(trustOf({ grants: [{ ...shop, direct: true }] }), bindingOf({ direct: true }));
    const { code, out, err } = await world.plan("--check");
    assert.equal(code, 0, err);
    assert.match(out, /^Nothing to do\.$/mu);
    assert.ok(err.includes(`note: shop/web is ${principal}: give it roles on what it needs`), err);
  });

  test("refuses what a pass refuses: another's service account, a subject of 128 bytes, and one that is not there", async (t) => {
    const world = await filesWorld(t);
    const [namespace, name] = ["shop".padEnd(52, "x"), "y".repeat(53)];
    const wide = [{ ...shop, namespaces: ["shop*"] }];
    await world.files(
      trustOf({ grants: wide }),
      bindingOf({ email: "root@other-project.iam.gserviceaccount.com" }),
      bindingOf({ email: web }, { namespace, name }),
      bindingOf({ email: web }, { namespace, name: name.slice(1) }),
      bindingOf({ email: "lost@podtrust-sandbox.iam.gserviceaccount.com" }, { name: "lost" }),
    );
    const shown = await world.planned();
    assert.equal(shown.code, 1);
    assert.deepEqual(idsOf(shown), [`create ${memberOf(web, `${namespace}/${name.slice(1)}`)}`]);
    const said = shown.refusals.map(({ code, message }) => `${code} ${message}`).join("\n");
    assert.match(said, /binding-refused shop\/web: grant shop does not name the service account root@other/u);
    assert.match(said, /binding-refused shopx+\/y+: .*subjects of 127 bytes, and this one has 128/u);
    assert.match(said, /binding-refused shop\/lost: there is no service account lost@/u);
  });

  test("refuses a trust whose provider is not there or trusts another issuer, once and with what to do", async (t) => {
    const world = await filesWorld(t);
    const two = [bindingOf({ email: web }), bindingOf({ email: report }, { name: "api" })];
    await world.files(trustOf({ provider: "none" }), ...two);
    const absent = await world.planned();
    assert.deepEqual([absent.code, absent.changes], [1, []]);
    assert.deepEqual(
      absent.refusals.map(({ message }) => message),
      ["GCPTrust default: there is no provider none of pool bindings"],
    );
    await world.files(trustOf({ issuer: "https://other.example.com" }), ...two);
    const [other] = (await world.planned()).refusals;
    assert.match(other?.message ?? "", /^GCPTrust default: .*trusts https:\/\/oidc\.example\.com, and not/u);
  });

  test("tells of members that no file asks for, and deletes none: nothing at Google says who made them", async (t) => {
    const world = await filesWorld(t);
    const other = principal.replace("shop:web", "shop:gone");
    await world.google.policy(web, [{ role: roleOfMembers, members: [principal, other] }]);
    await world.files(trustOf(), bindingOf({ email: web }));
    const shown = await world.planned();
    assert.deepEqual([shown.code, idsOf(shown)], [0, [`none ${memberOf(web, "shop/web")}`]]);
    assert.match(
      shown.warnings.join("\n"),
      new RegExp(`^${web} lets in \\S+:shop:gone, and no file asks`, "u"),
    );
    assert.equal(shown.warnings.length, 1);
    assert.deepEqual((await world.planned("--upsert-only")).warnings, []);
    assert.deepEqual((await world.google.members()).toSorted(), [other, principal].toSorted());
  });

  test("says what is missing, and what to do: the trust of a binding, or credentials for Google", async (t) => {
    const world = await filesWorld(t);
    await world.files(bindingOf({ email: web }));
    const orphan = await world.plan();
    assert.equal(orphan.code, 1);
    assert.match(orphan.err, /shop\/web: there is no GCPTrust default among the files/u);
    assert.match(
      orphan.err,
      /Put the GCPTrust default beside them, or leave the GCPServiceAccountBinding out/u,
    );
    await world.files(trustOf(), bindingOf({ email: web }));
    const bare = await world.planIn({});
    assert.equal(bare.code, 1);
    assert.match(bare.err, /^code: {2}gcp-credentials-missing$/mu);
    assert.match(bare.err, /Set GOOGLE_APPLICATION_CREDENTIALS/u);
  });
});
