/**
 * What passes of bindings write: at the vendor by method, path and body, and in the cluster as status, annotations and
 * Events. The story is the same for each relying party.
 */
import { describe, test, type TestContext } from "node:test";
import { type JsonRecord, recordOf } from "../../src/core/base/index.ts";
import type { KubernetesObject } from "../../src/providers/kubernetes/index.ts";
import { azureBindingsWorld } from "../azure/bindings-world.ts";
import { googleBindingsWorld, shop, web } from "../gcp/bindings-world.ts";
import { managed, ssm } from "../support/bindings/objects.ts";
import { type MovedClock, passWorld } from "../support/bindings/pass-world.ts";
import { account } from "../support/sandbox.ts";
import { readBody, Recording, type RecordedWrite } from "./recording.ts";
import { WrittenRuns } from "./shown.ts";

const steps = ["granted", "refused", "asked again", "granted less", "granted again", "deleted"] as const;

/** A relying party's world, with what each step of the story does there. */
interface StoryWorld {
  readonly clock: MovedClock;
  /** By kind and name; a test may have another map after each step. */
  readonly objects: () => Map<string, KubernetesObject>;
  readonly kinds: { readonly binding: string; readonly trust: string };
  /** Writes at the vendor since it was asked last. */
  readonly writes: () => readonly RecordedWrite[];
  /** One pass of shop/web; gives the Events. */
  readonly pass: () => Promise<readonly object[]>;
  readonly trustPass: () => Promise<unknown>;
  readonly steps: Readonly<Record<Exclude<(typeof steps)[number], "deleted">, () => void>>;
}

/** What stands in the cluster of the story: status, annotations and finalizers of its objects. */
function stored({ objects, kinds }: StoryWorld): unknown {
  return [kinds.binding, kinds.trust, "ServiceAccount"].map((kind) => {
    const found = [...objects().values()].find((one) => one.kind === kind);
    const { annotations, finalizers } = recordOf(found?.metadata);
    return { kind, annotations, finalizers, status: found?.["status"] };
  });
}

function deleteBinding({ objects, kinds, clock }: StoryWorld): void {
  const [key, there] = [...objects()].find(([, { kind }]) => kind === kinds.binding) ?? [];
  if (key === undefined || there === undefined) throw new Error("there is no binding");
  const deletionTimestamp = new Date(clock.now()).toISOString();
  objects().set(key, { ...there, metadata: { ...there.metadata, deletionTimestamp } });
}

async function tell(name: string, world: StoryWorld): Promise<void> {
  const written = new WrittenRuns();
  for (const step of steps) {
    if (step === "deleted") deleteBinding(world);
    else world.steps[step]();
    const events: object[] = [];
    // Until a vendor has settled, and STS or its like was asked.
    for (let passes = 0; passes < 3; passes += 1) {
      const isThere = [...world.objects().values()].some(({ kind }) => kind === world.kinds.binding);
      if (isThere) events.push(...(await world.pass()));
      await world.trustPass();
      world.clock.move(120_000);
    }
    const said = [
      { line: "events", body: events },
      { line: "stored", body: stored(world) },
    ];
    written.add(step, [...world.writes(), ...said]);
  }
  written.hold(`bindings-${name}`);
}

async function aws(t: TestContext): Promise<void> {
  const world = await passWorld(t);
  const grant = (...policies: readonly string[]): void =>
    world.grants({
      name: "shop",
      namespaces: ["shop"],
      accounts: [account],
      policies,
      maxSessionSeconds: 7200,
    });
  const bind = (more: JsonRecord): void =>
    world.bind({ roles: [{ profile: "default", managed: managed(more) }] });
  let counted = 0;
  await tell("aws", {
    clock: world.clock,
    objects: () => world.objects,
    kinds: { binding: "AWSRoleBinding", trust: "AWSTrust" },
    pass: async () => (await world.pass()).events,
    trustPass: () => world.trustPass(),
    writes() {
      const since = world.calls.slice(counted).filter(({ isChange }) => isChange);
      counted = world.calls.length;
      return since.map(({ action, input }) => ({ line: `aws ${action}`, body: input }));
    },
    steps: {
      granted() {
        grant(ssm);
        bind({});
      },
      refused: () => bind({ policies: ["arn:aws:iam::aws:policy/AdministratorAccess"] }),
      "asked again": () => bind({ maxSessionSeconds: 7200 }),
      "granted less": () => grant(),
      "granted again": () => grant(ssm),
    },
  });
}

async function google(t: TestContext): Promise<void> {
  const world = await googleBindingsWorld(t);
  const recording = new Recording(t);
  const needed = ["roles/iam.workloadIdentityPoolViewer", "roles/iam.serviceAccountAdmin"];
  world.restart(await recording.environment("gcp", await world.environmentWith(needed)));
  const grant = (emails: readonly string[]): void => world.trust({ grants: [{ ...shop, emails }] });
  await tell("gcp", {
    clock: world.clock,
    objects: () => world.objects,
    kinds: { binding: "GCPServiceAccountBinding", trust: "GCPTrust" },
    async pass() {
      await world.pass();
      return world.events.splice(0).map((event) => {
        const [reason = "", ...note] = event.split(" ");
        return { reason, note: note.join(" ") };
      });
    },
    trustPass: () => world.trustPass(),
    writes: () => recording.take(),
    steps: {
      granted() {
        grant([web]);
        world.bind({ email: web });
      },
      refused: () => world.bind({ email: "bank@podtrust-sandbox.iam.gserviceaccount.com" }),
      "asked again": () => world.bind({ email: web }),
      "granted less": () => grant(["other@podtrust-sandbox.iam.gserviceaccount.com"]),
      "granted again": () => grant([web]),
    },
  });
}

async function azure(t: TestContext): Promise<void> {
  const world = await azureBindingsWorld();
  t.after(() => world.stop());
  await world.reset();
  const writes: RecordedWrite[] = [];
  world.azure.relay.onWrite = (line, body) =>
    void writes.push({ line: `azure ${line}`, body: readBody(body, "json") });
  const grant = (...more: readonly JsonRecord[]): void =>
    world.grants(...more.map((one) => ({ name: "shop", namespaces: ["shop"], ...one })));
  await tell("azure", {
    clock: world.clock,
    objects: () => world.objects,
    kinds: { binding: "AzureIdentityBinding", trust: "AzureTrust" },
    pass: async () => (await world.pass()).events,
    trustPass: () => world.trustPass(),
    writes: () => writes.splice(0),
    steps: {
      granted() {
        grant({ create: true });
        world.bind({ managed: {} });
      },
      refused: () => world.bind({ existing: { name: "bank" } }),
      "asked again": () => world.bind({ managed: {} }),
      "granted less": () => grant(),
      "granted again": () => grant({ create: true }),
    },
  });
}

describe("the golden passes of bindings, with what they write in the cluster", () => {
  test("at AWS: a role of the binding's own", aws);
  test("at Google: a service account that a ServiceAccount becomes", google);
  test("at Azure: an identity of the binding's own", azure);
});
