import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { TestContext } from "node:test";
import { defined } from "../../src/core/base/index.ts";
import {
  type ForgedToken,
  type Sandbox,
  type SandboxIssuer,
  type StandInAzure,
  type StandInGoogle,
  startSandbox,
} from "../../src/sandbox/index.ts";
import type { Language } from "../../src/sandbox/front/index.ts";
import { azureAudience, cartSeed, issuerUrl } from "./azure-world.ts";
import { audience, cart, cartEmail, cartMember, shop } from "./google-world.ts";
import { noHome } from "./nowhere.ts";

/** Tokens as a pod has them in files, one for each cloud. */
export interface PodTokens {
  readonly google: string;
  readonly azure: string;
}

/** A pod's files and variables, as they are in production, at a sandbox with Google and Azure behind the front. */
export interface PodAtFront {
  readonly sandbox: Sandbox;
  readonly google: StandInGoogle;
  readonly azure: StandInAzure;
  readonly issuer: SandboxIssuer;
  readonly folder: string;
  /** Tokens of the workload `cart` that live a minute, so that a library that keeps what it got asks again; with a change. */
  tokens(change?: ForgedToken): PodTokens;
  /** Has the kubelet's part: writes the tokens into the pod's files. */
  write(tokens?: PodTokens): Promise<void>;
  close(): Promise<void>;
  /** The pod's variables, and those that lead a language's clients through the front. `impersonates`: by Google's service account. */
  environment(
    language: Language,
    options?: { readonly impersonates?: true },
  ): Readonly<Record<string, string>>;
}

/** What `color` says, as Secret Manager has it. */
export const red = Buffer.from("red").toString("base64");

/** Google may be asked with the workload's own identity, or through its service account. */
const secret = {
  id: "color",
  value: "red",
  bindings: { "roles/secretmanager.secretAccessor": [`serviceAccount:${cartEmail}`, cartMember] },
};

/** A provider that fetches the issuer's keys, and lets no workload of the namespace `banned` in. */
const provider = {
  id: "cluster",
  oidc: { issuerUri: issuerUrl },
  attributeCondition: "assertion['kubernetes.io']['namespace'] != 'banned'",
};

/** The same, for one test. */
export async function podAtFront(t: TestContext): Promise<PodAtFront> {
  const pod = await openPodAtFront();
  t.after(() => pod.close());
  return pod;
}

/** Starts it, with its issuer; neither cloud keeps an issuer's documents, or lets what was written wait. */
export async function openPodAtFront(): Promise<PodAtFront> {
  const folder = await mkdtemp(join(tmpdir(), "podtrust-pod-"));
  const sandbox = await startSandbox({
    gcp: { unknowns: { issuerCache: 0, newKey: 0 } },
    azure: { propagationMs: 0, newIssuerMs: 0, issuerCacheMs: 0, writeMs: 0 },
    frontFolder: folder,
  });
  const { gcp: google, azure, front } = sandbox;
  if (google === undefined || azure === undefined || front === undefined)
    throw new TypeError("the sandbox has not both clouds");
  google.seed({ ...shop, pools: [{ id: "prod", providers: [provider] }], secrets: [secret] });
  await azure.seed(cartSeed());
  const issuer = await sandbox.issuer();
  const files = { google: join(folder, "google-token"), azure: join(folder, "azure-token") };
  const production = (serviceAccount?: string): string => {
    const place = { pool: "prod", provider: "cluster", tokenFile: files.google };
    return JSON.stringify(google.credentialFile({ ...place, ...defined({ serviceAccount }) }))
      .replace(`${google.url}/v1/token`, "https://sts.googleapis.com/v1/token")
      .replace(google.url, "https://iamcredentials.googleapis.com");
  };
  await writeFile(join(folder, "direct.json"), production());
  await writeFile(join(folder, "impersonating.json"), production(cartEmail));
  const tokens = (change: ForgedToken = {}): PodTokens => {
    const forged = (audiences: readonly string[]): string =>
      issuer.forgeToken({ ...cart, expirationSeconds: 60, audiences, ...change });
    return { google: forged([audience]), azure: forged([azureAudience]) };
  };
  return {
    sandbox,
    google,
    azure,
    issuer,
    folder,
    tokens,
    async write(written = tokens()) {
      await writeFile(files.google, written.google);
      await writeFile(files.azure, written.azure);
    },
    async close() {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
    environment: (language, { impersonates } = {}) => ({
      PATH: process.env["PATH"] ?? "",
      HOME: noHome,
      GOOGLE_APPLICATION_CREDENTIALS: join(
        folder,
        impersonates === true ? "impersonating.json" : "direct.json",
      ),
      ...google.environment,
      SECRET_URL: `https://secretmanager.googleapis.com/v1/projects/${google.project}/secrets/color/versions/latest:access`,
      ...azure.environment,
      AZURE_CLIENT_ID: azure.clients()[0]?.clientId ?? "",
      AZURE_FEDERATED_TOKEN_FILE: files.azure,
      ...front.environment(language),
    }),
  };
}
