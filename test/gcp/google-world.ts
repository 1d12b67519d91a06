import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import {
  type GoogleApi,
  googleApi,
  memberResource,
  type MemberSpec,
  parseCredentials,
  poolResource,
  poolToDelete,
  providerResource,
  type ProviderSpec,
  providerToDelete,
} from "../../src/providers/gcp/index.ts";
import { type Jwk, uploadableKeys } from "../../src/rules/gcp/index.ts";
import {
  applyPlan,
  type ApplyOutcome,
  type Plan,
  planOf,
  type Resource,
} from "../../src/rules/plan/index.ts";
import { type GoogleModel, startGoogleModel } from "../support/google-model.ts";
import { ecKey } from "../support/sandbox.ts";
import { SwiftClock } from "../support/swift-clock.ts";
import { stackOwner } from "../support/stack-owner.ts";

export const projectNumber = "123456789012";
export const name = { projectNumber, pool: "prod", provider: "prod" };
export const email = "web@shop.iam.gserviceaccount.com";
const subject = "system:serviceaccount:shop:web";

/** The principal of a subject in the world's pool. */
export const principal = (of = subject, pool = "prod"): string =>
  `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/subject/${of}`;

const made = new Map<string, object>();

/** Keys of a set, as they are uploaded: for a kid always the same. */
export function keysNamed(...kids: readonly string[]): readonly Jwk[] {
  for (const kid of kids) if (!made.has(kid)) made.set(kid, ecKey(kid).jwk);
  const read = uploadableKeys(JSON.stringify({ keys: kids.map((kid) => made.get(kid)) }));
  if (typeof read === "string") throw new TypeError(read);
  return read.keys;
}

export const firstKeys = keysNamed("first");

export type GoogleSpec = Partial<Omit<ProviderSpec, "name" | "stack"> & Pick<MemberSpec, "subjects">> & {
  readonly stack?: string;
};

/** A project with one service account, and what podtrust makes in it. */
export interface GoogleWorld {
  readonly google: GoogleModel;
  readonly api: GoogleApi;
  readonly clock: SwiftClock;
  /** What a stack wants: pool, provider and members of the account. */
  desired(wanted?: GoogleSpec): readonly Resource[];
  plan(wanted?: GoogleSpec): Promise<Plan>;
  up(wanted?: GoogleSpec, signal?: AbortSignal): Promise<ApplyOutcome>;
  down(signal?: AbortSignal): Promise<ApplyOutcome>;
}

/** Starts it; ends with the test. */
export async function googleWorld(t: TestContext): Promise<GoogleWorld> {
  const google = await startGoogleModel();
  t.after(() => google.close());
  google.iam.addAccount(email);
  const clock = new SwiftClock();
  const credentials = parseCredentials(JSON.stringify(google.credentials()));
  const api = googleApi({ endpoint: google.url, credentials, clock });
  const desired = ({
    stack = "prod",
    subjects = [subject],
    ...more
  }: GoogleSpec = {}): readonly Resource[] => {
    const owner = stackOwner(stack);
    const provider = providerResource(api, {
      ...owner,
      name,
      issuer: "https://oidc.example.com",
      audiences: [],
      mapping: { "google.subject": "assertion.sub" },
      condition: "",
      keys: firstKeys,
      ...more,
    });
    return [
      poolResource(api, { ...owner, ...name }),
      provider,
      memberResource(api, { name, email, subjects, dependsOn: [provider.id] }),
    ];
  };
  const plan = (wanted?: GoogleSpec): Promise<Plan> => planOf({ desired: desired(wanted) });
  return {
    google,
    api,
    clock,
    desired,
    plan,
    async up(wanted, signal) {
      return applyPlan(await plan(wanted), defined({ signal }));
    },
    async down(signal) {
      const doomed = [
        poolToDelete(api, { ...stackOwner(), ...name }),
        providerToDelete(api, { ...stackOwner(), name }),
        memberResource(api, { name, email, subjects: [] }),
      ];
      const going = await planOf({ desired: doomed, goal: "absent" });
      return applyPlan(going, defined({ signal }));
    },
  };
}

/** The environment of who has the model's credentials, in a file that goes with the test. */
export async function googleEnvironment(
  t: TestContext,
  google: GoogleModel,
): Promise<Readonly<Record<string, string>>> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-google-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "credentials.json");
  await writeFile(file, JSON.stringify(google.credentials()));
  return { GOOGLE_APPLICATION_CREDENTIALS: file, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: google.url };
}

/** The changes of a plan, as `update provider/prod/prod: keys`. */
export const shown = (plan: Plan): readonly string[] =>
  plan.changes
    .filter(({ kind }) => kind !== "none")
    .map(({ kind, resource, fields }) =>
      `${kind} ${resource.id.replace(/^gcp\/\d+\//u, "")}: ${fields.map(({ field }) => field).join(" ")}`.trim(),
    );
