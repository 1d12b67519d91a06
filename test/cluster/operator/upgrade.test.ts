/**
 * An upgrade of the operator from 282057bf and its way back, with bindings at AWS, Azure and Google: whoever takes the lease
 * over what the other wrote changes nothing at a relying party, and no binding leaves Ready.
 */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { partyNames } from "../../../src/rules/bindings/index.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type EarlierCode, unpackEarlier, whyNoCommit } from "../../support/earlier-code.ts";
import { type IssuerServer, startIssuer } from "../../support/issuer-server.ts";
import { maxWaitFlag } from "../../support/until.ts";
import { apply, collectionOf, create, until as untilAnswer } from "../bindings/plane.ts";
import { type ControlPlane, leftOut, startControlPlane } from "../harness/index.ts";
import { installRelease, type Release, ReleaseProcess } from "./release-process.ts";
import { StatusJournal, titleOf } from "./status-journal.ts";
import { until } from "./until.ts";
import { startVendors, type Vendors } from "./vendors.ts";

const commit = "282057bf";
const quiet = { aws: [], azure: [], gcp: [] };

/** The kind of the trusts that an object's relying party has. */
function trustKindOf({ kind }: JsonRecord): string {
  const row = Object.values(partyNames).find((one) =>
    [one.binding.kind, one.trust.kind].some((its) => its === kind),
  );
  return row?.trust.kind ?? "";
}

/** How many objects each controller has. */
function countsOf(objects: readonly JsonRecord[]): ReadonlyMap<string, number> {
  const countOf = (kind: string): number => objects.filter((one) => one["kind"] === kind).length;
  return new Map(
    Object.values(partyNames).flatMap(({ binding, trust, suffix }) => [
      [`bindings${suffix}`, countOf(binding.kind)],
      [`trusts${suffix}`, countOf(trust.kind)],
    ]),
  );
}

describe(`an operator of ${commit} and this one`, { skip: leftOut() ?? whyNoCommit(commit) ?? false }, () => {
  let code: EarlierCode;
  let earlier: Release;
  const current: Release = { name: "this one", folder: resolve(".") };
  let issuer: IssuerServer;
  let plane: ControlPlane;
  let vendors: Vendors;
  let journal: StatusJournal;
  let objects: readonly JsonRecord[] = [];
  let counts: ReadonlyMap<string, number>;
  let leader: ReleaseProcess | undefined;
  const started: ReleaseProcess[] = [];

  before(async () => {
    code = await unpackEarlier(commit, ["src"]);
    earlier = { name: commit, folder: code.folder };
    const authority = await testAuthority();
    issuer = await startIssuer(authority);
    plane = await startControlPlane({ issuer: issuer.issuer, jwksUri: `${issuer.issuer}/openid/v1/jwks` });
    const admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
    const jwksJson = (await admin.oidcDocuments()).jwks.toString();
    issuer.publish((JSON.parse(jwksJson) as { keys: object[] }).keys);
    vendors = await startVendors({ issuer, ca: authority.root, jwksJson });
    objects = [...vendors.trusts, ...vendors.bindings];
    counts = countsOf(objects);
    for (const name of ["podtrust", "shop", "team-a"]) await plane.kubectl(["create", "namespace", name]);
    await installRelease(plane, earlier);
    await plane.kubectl(["wait", "--for=condition=Established", "crd", "--all", maxWaitFlag]);
    for (const trust of vendors.trusts)
      await untilAnswer(
        `a trust of the kind ${String(trust["kind"])}`,
        () => create(plane, trust),
        ({ status }) => status === 201,
      );
    journal = new StatusJournal(admin);
  });

  after(async () => {
    await Promise.all(started.map((one) => one.end("SIGKILL")));
    await journal?.close();
    await vendors?.close();
    await plane?.stop();
    await issuer?.close();
    await code?.remove();
  });

  const areReady = (): boolean => objects.every((one) => journal.last(titleOf(one)).includes("Ready=True "));
  const lastWords = (): string => JSON.stringify(journal.all, undefined, 1);

  async function start(release: Release): Promise<ReleaseProcess> {
    const one = await ReleaseProcess.start(plane, release, vendors.environment);
    started.push(one);
    await until(
      async () => (await one.status())?.ready === true,
      `${release.name} has seen all there is\n${one.log}`,
    );
    return one;
  }

  /** Until who leads has passed as many keys as there are, by each controller, and none waits. */
  async function begunWith(one: ReleaseProcess): Promise<void> {
    await until(async () => {
      const status = await one.status();
      return [...counts].every(([name, count]) => {
        const found = status?.controllers.find((controller) => controller.name === name);
        return found?.working === true && found.queue === 0 && found.done >= count;
      });
    }, `${one.release.name} has begun with all\n${one.log}`);
  }

  const pathOf = (object: JsonRecord): string =>
    `${collectionOf(object)}/${String(recordOf(object["metadata"])["name"])}`;

  async function read(object: JsonRecord): Promise<JsonRecord> {
    const { status, text } = await plane.ask(pathOf(object));
    assert.equal(status, 200, text);
    return JSON.parse(text) as JsonRecord;
  }

  /** Has the API server judge a status that was written before; gives what it does not know of it. */
  async function statusTaken(object: JsonRecord): Promise<readonly string[]> {
    const { metadata } = await read(object);
    const body = { ...object, metadata };
    const path = `${pathOf(object)}/status?dryRun=All&fieldValidation=Warn`;
    const { status, text, warnings } = await plane.ask(path, { method: "PUT", body });
    assert.equal(status, 200, text);
    return warnings;
  }

  /** What pods of each ServiceAccount get, by its annotations. */
  async function annotations(): Promise<string> {
    return plane.kubectl([
      "get",
      "serviceaccounts",
      "-A",
      "-o",
      'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.metadata.annotations}{"\\n"}{end}',
    ]);
  }

  /**
   * Every trust gets one more grant, for a namespace that there is not: nothing changes for any binding, and each says in its
   * status by which version of the trust it was passed last.
   */
  async function passAll(one: ReleaseProcess, grant: string): Promise<void> {
    const versions = new Map<string, string>();
    for (const { kind, spec } of vendors.trusts) {
      const value = { ...recordsOf(recordOf(spec)["grants"]).at(-1), name: grant, namespaces: [grant] };
      const patch = JSON.stringify([{ op: "add", path: "/spec/grants/-", value }]);
      const [plural, output] = [
        `${String(kind)}.podtrust.dev`,
        "jsonpath={.metadata.uid}/{.metadata.generation}",
      ];
      versions.set(
        String(kind),
        await plane.kubectl(["patch", plural, "default", "--type=json", "-p", patch, "-o", output]),
      );
    }
    const isPassed = (object: JsonRecord): boolean => {
      const { observedTrust, observedGeneration } = journal.status(titleOf(object));
      const trust = trustKindOf(object);
      const version = versions.get(trust) ?? "";
      return trust === object["kind"]
        ? version.endsWith(`/${String(observedGeneration)}`)
        : observedTrust === version;
    };
    await until(
      () => objects.every(isPassed),
      `${one.release.name} has passed all\n${one.log}\n${lastWords()}`,
    );
  }

  async function changedNothing(annotationsBefore: string): Promise<void> {
    assert.deepEqual(vendors.writes(), quiet, leader?.log ?? "");
    assert.deepEqual(journal.notReady, []);
    assert.equal(await annotations(), annotationsBefore);
  }

  /** Another takes over once who leads has ended, and passes all there is. */
  async function takeOver(next: ReleaseProcess, signal: "SIGTERM" | "SIGKILL", grant: string): Promise<void> {
    journal.beginAnew();
    vendors.writes();
    const stood = await annotations();
    const exit = await leader?.end(signal);
    if (signal === "SIGTERM") assert.equal(exit, 0, leader?.log ?? "");
    leader = next;
    await until(
      async () => (await next.status())?.leadership.leads === true,
      `${next.release.name} leads\n${next.log}`,
    );
    await begunWith(next);
    await passAll(next, grant);
    await changedNothing(stood);
  }

  test("begin with bindings of each relying party that the earlier one made Ready", async () => {
    leader = await start(earlier);
    for (const binding of [...vendors.bindings, vendors.retained]) {
      const { namespace, name } = recordOf(binding["metadata"]);
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { namespace, name } };
      await apply(plane, [account]);
      await untilAnswer(
        titleOf(binding),
        () => create(plane, binding),
        ({ status }) => status === 201,
      );
    }
    const kept = titleOf(vendors.retained);
    await until(
      () => areReady() && journal.last(kept).includes("Ready=True "),
      `all are Ready\n${leader.log}\n${lastWords()}`,
    );
    await plane.kubectl(["delete", "arb", "-n", "shop", "kept", maxWaitFlag]);
    for (const [party, writes] of Object.entries(vendors.writes()))
      assert.ok(writes.length > 0, `nothing was written at ${party}`);
  });

  test("go on after an upgrade without a write at a relying party, and without a binding that leaves Ready", async () => {
    await installRelease(plane, current);
    await takeOver(await start(current), "SIGTERM", "upgraded");
  });

  test("go on after a rollback to the earlier definitions, which take what the new one wrote", async () => {
    const written = await Promise.all(objects.map((object) => read(object)));
    await installRelease(plane, earlier);
    for (const object of written) {
      const isTrust = recordOf(object["metadata"])["namespace"] === undefined;
      const warnings = await untilAnswer(
        `the earlier definition of the kind ${String(object["kind"])}`,
        () => statusTaken(object),
        (said) => !isTrust || said.length > 0,
      );
      // Where bindings had something once: what it leaves out is written again by the next one that knows of it.
      const others = warnings.filter((one) => !isTrust || !one.startsWith('unknown field "status.scopes"'));
      assert.deepEqual(others, [], titleOf(object));
    }
    await takeOver(await start(earlier), "SIGTERM", "rolled-back");
  });

  test("go on after a second upgrade in which the earlier one is killed, and its lease runs out", async () => {
    await installRelease(plane, current);
    await takeOver(await start(current), "SIGKILL", "upgraded-again");
  });

  test("go on after a rollback of the program alone, over the new definitions", async () => {
    await takeOver(await start(earlier), "SIGKILL", "program-rolled-back");
  });

  test("end with a lease that works: the new one lets go of what a deleted binding had at each relying party", async () => {
    await takeOver(await start(current), "SIGTERM", "last");
    for (const binding of vendors.bindings) {
      const { namespace, name } = recordOf(binding["metadata"]);
      await plane.kubectl([
        "delete",
        `${String(binding["kind"])}.podtrust.dev/${String(name)}`,
        "-n",
        String(namespace),
        maxWaitFlag,
      ]);
    }
    for (const [party, writes] of Object.entries(vendors.writes()))
      assert.ok(writes.length > 0, `nothing was taken away at ${party}`);
  });
});
