import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { operatorManifests } from "../../../src/operator/index.ts";
import { account, boundary } from "../../support/bindings/objects.ts";
import { apply } from "../../cluster/bindings/plane.ts";
import { measuredNow } from "../process.ts";
import type { PlottedPage } from "../plot.ts";
import { buildPackage } from "../servers.ts";
import { measureAdmission } from "./admission.ts";
import { measureHostileValues } from "./hostile-values.ts";
import { bindAtOnce } from "./bindings.ts";
import { bindingsOf, type FleetSize, makeFleet } from "./fleet.ts";
import { openMassClient } from "./mass.ts";
import { type OperatorProcess, startOperatorProcess } from "./operator-process.ts";
import { admissionFigures, renderAdmissionPage } from "./admission-page.ts";
import { operatorFigures, renderOperatorPage } from "./page.ts";
import { quietHour } from "./quiet.ts";
import { type BenchWorld, startBenchWorld } from "./world.ts";

/** Milliseconds after which STS knows a role, as AWS takes them. */
const propagationMs = 8000;
/** Milliseconds until a process that has nothing to do any more is looked at. */
const rest = 60_000;

const sizeOf = (quick: boolean): FleetSize =>
  quick
    ? { namespaces: 20, accounts: 1000, annotated: 200, pods: 500, bindings: 100 }
    : { namespaces: 200, accounts: 10_000, annotated: 2000, pods: 5000, bindings: 1000 };

/** One account, and a grant for the namespaces of the fleet. */
export async function grantFleet({ plane }: BenchWorld): Promise<void> {
  const grant = {
    name: "fleet",
    namespaces: ["team-*"],
    accounts: [account],
    policies: ["arn:aws:iam::aws:policy/*"],
    boundary,
    // More than a grant gives by default.
    maxRoles: 1000,
  };
  const spec = { accounts: [{ id: account, region: "eu-central-1" }], grants: [grant] };
  await plane.kubectl(["patch", "awstrust", "default", "--type=merge", "-p", JSON.stringify({ spec })]);
}

async function measureFleet(quick: boolean) {
  const size = sizeOf(quick);
  await using closing = new AsyncDisposableStack();
  const program = await buildPackage();
  const world = await startBenchWorld(program, propagationMs);
  closing.defer(() => world.stop());
  const { plane } = world;
  await apply(plane, operatorManifests({ namespace: "podtrust", name: "podtrust-operator", evict: false }));
  await grantFleet(world);
  const client = await openMassClient(plane);
  closing.defer(() => client.close());
  await makeFleet(client, size);
  const token = await plane.requestToken("podtrust", "podtrust-operator", world.issuer.issuer, 7200);
  const kubeconfig = plane.kubeconfigWithToken(token);
  const starts: OperatorProcess["ready"][] = [];
  for (let start = 1; start < (quick ? 2 : 5); start += 1) {
    const first = await startOperatorProcess({ program, world, kubeconfig });
    starts.push(first.ready);
    await first.close();
  }
  const operator = await startOperatorProcess({ program, world, kubeconfig });
  closing.defer(() => operator.close());
  starts.push(operator.ready);
  const resting = quick ? 5000 : rest;
  await sleep(resting);
  const synced = await operator.resident();
  const bound = await bindAtOnce(world, operator.pid, client, bindingsOf(size));
  await sleep(resting);
  const quiet = await quietHour(world, quick ? 1 : 3, size.bindings);
  return { size, starts, synced, bound, quiet, bindings: await operator.resident() };
}

/** What ways of injection add to a pod's admission: docs/reference/benchmarks/admission.md and its figures; `quick` for a look. */
export async function benchAdmission(quick: boolean): Promise<PlottedPage> {
  const now = measuredNow();
  const rounds = quick ? 50 : 100;
  const rows = await measureAdmission(rounds);
  const results = { ...now, rounds, rows, hostile: await measureHostileValues(quick ? 0.5 : 1) };
  return { text: renderAdmissionPage(results), figures: admissionFigures(results) };
}

/** The operator on a real API server: docs/reference/benchmarks/operator.md and its figures; `quick` for a look. */
export async function benchOperator(quick: boolean): Promise<PlottedPage> {
  const now = measuredNow();
  const results = { ...now, cores: cpus().length, ...(await measureFleet(quick)) };
  return { text: renderOperatorPage(results), figures: operatorFigures(results) };
}
