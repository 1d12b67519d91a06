import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsonRecord, recordOf, recordsOf } from "../../../src/core/base/index.ts";
import type * as operating from "../../../src/operator/bindings/gcp/index.ts";
import { openKubernetes } from "../../../src/providers/kubernetes/index.ts";
import { type StandInGoogle, startStandInGoogle } from "../../../src/sandbox/gcp.ts";
import { type StandInCluster, startStandInCluster } from "../../../src/sandbox/index.ts";
import { MovedClock } from "../bindings/pass-world.ts";
import { nowhere, people } from "./events.ts";
import { HttpRelay } from "./http-relay.ts";
import {
  type RightsByOne,
  type HistoryParty,
  operatorItself,
  type PartySpecs,
  type Vendor,
} from "./vendor.ts";

const issuer = "https://oidc.example.com";
const projectNumber = "123456789012";
const emailOf = (name: string): string => `${name}@podtrust-sandbox.iam.gserviceaccount.com`;
/** By the trusts' names. */
const pools: Readonly<Record<string, string>> = { default: "pool-one", second: "pool-two" };
const accounts = ["shop-web", "shop-report", "evil-web"];
const operator = emailOf("operator");

const providerOf = (pool: string): string =>
  `projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/providers/cluster`;
const principalOf = (pool: string, who: string): string =>
  `principal://iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${pool}/subject/system:serviceaccount:${who.replace("/", ":")}`;

const grants: readonly JsonRecord[] = [
  { name: "shop", namespaces: ["shop"], emails: [emailOf("shop-web"), emailOf("shop-report")] },
  { name: "all", namespaces: ["*"], emails: [emailOf("*")] },
  { name: "evil", namespaces: ["evil"], emails: [emailOf("evil-*")] },
  { name: "direct", namespaces: ["*"], direct: true },
];

const specs: readonly JsonRecord[] = [
  ...accounts.map((name) => ({ email: emailOf(name) })),
  { email: operator },
  { direct: true },
  // Of both: nobody takes it.
  { email: emailOf("shop-web"), direct: true },
];

/** Whether a pattern of a grant is for an address. */
const fits = (pattern: string, email: string): boolean =>
  pattern.startsWith("*")
    ? email.endsWith(pattern.slice(1))
    : new RegExp(`^${pattern.replace("*", ".*")}$`, "u").test(email);

function isAllowed(trust: JsonRecord, pool: string, who: string, email: string): boolean {
  const [namespace] = who.split("/");
  return (
    // No workload becomes podtrust's own, whatever is granted.
    email !== operator &&
    trust["pool"] === pool &&
    recordsOf(trust["grants"]).some(
      ({ namespaces, emails = [] }) =>
        [namespace, "*"].some((one) => (namespaces as readonly unknown[]).includes(one)) &&
        (emails as readonly string[]).some((one) => fits(one, email)),
    )
  );
}

/** A project of the sandbox's with two pools that trust the cluster, and an operator that has a service account there. */
class GoogleVendor implements Vendor, PartySpecs {
  readonly clock: MovedClock;
  onCall: Vendor["onCall"] = () => Promise.resolve("done");
  onDone: Vendor["onDone"] = () => Promise.resolve();
  readonly #google: StandInGoogle;
  readonly #cluster: StandInCluster;
  readonly #folder: string;
  readonly #jwksJson: string;
  readonly #relay: HttpRelay;
  #address = "";
  /** Service accounts whose policy this process of the operator has written. */
  readonly #written = new Set<string>();
  /** Tokens of pools, by pool and ServiceAccount, and until when they are good. */
  readonly #tokens = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(made: {
    readonly clock: MovedClock;
    readonly google: StandInGoogle;
    readonly cluster: StandInCluster;
    readonly folder: string;
    readonly jwksJson: string;
  }) {
    this.clock = made.clock;
    this.#google = made.google;
    this.#cluster = made.cluster;
    this.#folder = made.folder;
    this.#jwksJson = made.jwksJson;
    const written = this.#written;
    this.#relay = new HttpRelay(made.google.url, {
      callOf(method, path) {
        const email = /serviceAccounts\/([^/:]+):setIamPolicy$/u.exec(path)?.[1];
        if (email === undefined) return undefined;
        written.add(email);
        return { text: `${method} ${path}`, of: email };
      },
      refusal: { error: { code: 403, status: "PERMISSION_DENIED", message: "not now" } },
      of: () => this,
    });
  }

  async listen(): Promise<this> {
    this.#address = await this.#relay.listen();
    return this;
  }

  readonly mint: Vendor["mint"] = (namespace, name, audiences) =>
    Promise.resolve(this.#cluster.createToken({ namespace, name, audiences }));

  async reset(): Promise<void> {
    const provider = { id: "cluster", oidc: { issuerUri: issuer, jwksJson: this.#jwksJson } };
    const mayBe = [principalOf("pool-one", operatorItself)];
    this.#tokens.clear();
    this.#google.reset();
    this.#google.seed({
      pools: Object.values(pools).map((id) => ({ id, providers: [provider] })),
      serviceAccounts: [
        ...accounts.map((id) => ({ id })),
        { id: "operator", bindings: { "roles/iam.workloadIdentityUser": mayBe } },
      ],
    });
    const needed = ["roles/iam.workloadIdentityPoolViewer", "roles/iam.serviceAccountAdmin"];
    this.#google.seed({
      bindings: Object.fromEntries(needed.map((role) => [role, [`serviceAccount:${operator}`]])),
    });
    const audiences = [`https://iam.googleapis.com/${providerOf("pool-one")}`];
    const [namespace = "", name = ""] = operatorItself.split("/");
    const whose = { namespace, name, audiences, expirationSeconds: 86_400 };
    const tokenFile = join(this.#folder, "token");
    await writeFile(tokenFile, this.#cluster.createToken(whose), { mode: 0o600 });
    const file = this.#google.credentialFile({
      pool: "pool-one",
      provider: "cluster",
      tokenFile,
      serviceAccount: operator,
    });
    await writeFile(join(this.#folder, "credentials.json"), JSON.stringify(file));
  }

  async operate(...[tools, load]: Parameters<Vendor["operate"]>) {
    this.#written.clear();
    const { reconcilingGoogleBindings } = (await load("gcp/index.ts")) as typeof operating;
    return reconcilingGoogleBindings(tools, {
      GOOGLE_APPLICATION_CREDENTIALS: join(this.#folder, "credentials.json"),
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM: this.#address,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STS: this.#address,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: this.#address,
    });
  }

  trustSpec(name: string, of: readonly number[], place: number): JsonRecord {
    const pool = place === nowhere ? "" : pools[name];
    const there = { issuer, projectNumber, pool, provider: "cluster" };
    return { ...there, grants: of.map((index) => grants[index]) };
  }

  bindingSpec(spec: number): JsonRecord {
    return specs[spec] ?? {};
  }

  named({ emails }: JsonRecord, { pool }: JsonRecord): readonly string[] {
    return Array.isArray(emails) ? emails.map((email) => `${String(pool)} ${String(email)}`) : [];
  }

  async #post(path: string, token: string, body: object): Promise<JsonRecord | undefined> {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${this.#google.url}/v1/${path}`, {
      method: "POST",
      headers: token === "" ? { "content-type": "application/json" } : headers,
      body: JSON.stringify(body),
    });
    return answer.status === 200 ? recordOf(await answer.json()) : (await answer.text(), undefined);
  }

  /** What Google's token exchange gives for a token of the ServiceAccount. */
  async #federated(pool: string, who: string): Promise<string> {
    const known = this.#tokens.get(`${pool} ${who}`);
    if (known !== undefined && known.until > this.clock.now()) return known.token;
    const audience = `//iam.googleapis.com/${providerOf(pool)}`;
    const [namespace = "", name = ""] = who.split("/");
    const answer = await this.#post("token", "", {
      audience,
      grantType: "urn:ietf:params:oauth:grant-type:token-exchange",
      requestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      subjectTokenType: "urn:ietf:params:oauth:token-type:jwt",
      subjectToken: await this.mint(namespace, name, [`https:${audience}`]),
    });
    const token = String(answer?.["access_token"]);
    this.#tokens.set(`${pool} ${who}`, { token, until: this.clock.now() + 1_800_000 });
    return token;
  }

  /** Whether the sandbox lets a ServiceAccount become a service account. */
  async #becomes(pool: string, who: string, email: string): Promise<boolean> {
    const path = `projects/-/serviceAccounts/${email}:generateAccessToken`;
    const asked = { scope: ["https://www.googleapis.com/auth/cloud-platform"] };
    return (await this.#post(path, await this.#federated(pool, who), asked)) !== undefined;
  }

  async held(of?: string): Promise<readonly RightsByOne[]> {
    const emails = of === undefined ? [...accounts.map(emailOf), operator] : [of];
    const asked = emails.flatMap((email) =>
      Object.values(pools).flatMap((pool) => people.map((who) => ({ email, pool, who }))),
    );
    const held = asked.map(async ({ email, pool, who }): Promise<RightsByOne> => {
      const rights = new Set((await this.#becomes(pool, who, email)) ? ["become it"] : []);
      const isWithin = (trusts: readonly JsonRecord[]): boolean =>
        rights.size === 0 || trusts.some((trust) => isAllowed(trust, pool, who, email));
      // As bind-google.md says: in a policy that only a pattern names, a member from before its start is not found.
      const isForgotten = !this.#written.has(email);
      return { who, what: `${pool} ${email}`, of: email, rights, isForgotten, isWithin };
    });
    const itself = emails
      .filter((email) => email === operator)
      .map(async (email): Promise<RightsByOne> => {
        const isIt = await this.#becomes("pool-one", operatorItself, email);
        const rights = new Set(isIt ? ["what it needs"] : []);
        return { who: operatorItself, what: email, of: email, rights, isWithin: () => true };
      });
    return Promise.all([...held, ...itself]);
  }

  /** A person takes all members out of the policies of a ServiceAccount, or some of them. */
  async deed(deed: string, who: string): Promise<void> {
    const path = `projects/-/serviceAccounts/${emailOf(who.replace("/", "-"))}`;
    const policy = { version: 3, bindings: [] as object[] };
    if (deed === "others")
      policy.bindings.push({ role: "roles/iam.workloadIdentityUser", members: ["user:a@example.com"] });
    await this.#post(`${path}:setIamPolicy`, this.#google.adminToken, { policy });
  }

  readonly settleLate = (): Promise<void> => this.#relay.settle();

  async close(): Promise<void> {
    await this.#relay.close();
    await this.#google.close();
    await this.#cluster.close();
    await rm(this.#folder, { recursive: true });
  }
}

/** Google: two trusts, each of a pool of its own, and service accounts that both may name. */
export const googleHistories: HistoryParty = {
  kinds: { binding: "GCPServiceAccountBinding", trust: "GCPTrust" },
  trustPlaces: [0],
  places: 1,
  grants: grants.length,
  specs: specs.length,
  deeds: ["none", "others"],
  looks: { minutes: 5.2, count: 4 },
  // Google does not say who wrote a member: one that another process wrote stays, and is told of.
  unclaimed(note, { who, what }) {
    const [pool = "", email = ""] = what.split(" ");
    return (
      note.startsWith(email) && note.includes(principalOf(pool, who)) && note.includes("nothing says who")
    );
  },
  async start() {
    const clock = new MovedClock();
    const google = await startStandInGoogle({ clock, delays: { grant: 0, revoke: 0, upload: 0 } });
    const cluster = await startStandInCluster({ issuer, clock });
    const folder = await mkdtemp(join(tmpdir(), "podtrust-gcp-histories-"));
    const kubeconfig = join(folder, "kubeconfig");
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const { jwks } = await (await openKubernetes({ kubeconfig }, { clock })).oidcDocuments();
    const made = { clock, google, cluster, folder, jwksJson: jwks.toString("utf8") };
    return new GoogleVendor(made).listen();
  },
};
