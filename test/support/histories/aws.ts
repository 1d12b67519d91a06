import { type AttachRolePolicyCommand, GetRolePolicyCommand, type IAMClient } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, type STSClient } from "@aws-sdk/client-sts";
import {
  defined,
  type JsonRecord,
  mapped,
  recordOf,
  recordsOf,
  systemClock,
} from "../../../src/core/base/index.ts";
import type * as controllers from "../../../src/operator/bindings/controllers.ts";
import type * as operating from "../../../src/operator/bindings/index.ts";
import {
  type AwsAccess,
  type AwsCredentials,
  type AwsSession,
  openAws,
} from "../../../src/providers/aws/index.ts";
import type { SandboxAccount } from "../../../src/sandbox/index.ts";
import { account as firstAccount } from "../bindings/objects.ts";
import { allRoles, makePolicies, MovedClock, type StoredRole } from "../bindings/pass-world.ts";
import {
  document,
  everything,
  type GrantSpec,
  isWithin,
  letsIn,
  policies,
  rightsOfGrant,
  rightsOfRole,
} from "../bindings/session-rights.ts";
import { operatorRole } from "../bindings/operator-session.ts";
import { startTestSandbox, type TestSandbox } from "../sandbox.ts";
import { awsDeeds, awsGrants, awsSpecs, commandsOf, type NamespaceGrant } from "./aws-table.ts";
import { people } from "./events.ts";
import { operatorItself } from "./vendor.ts";
import type { RightsByOne, HistoryParty, PartySpecs, Vendor, VendorCall } from "./vendor.ts";

/** The clients of an account's administrator. */
interface AccountClients {
  readonly iam: IAMClient;
  readonly sts: STSClient;
}

const isReading = (action: string): boolean => /^(?:Get|List)/u.test(action);

/** An account of the sandbox, and who has what there. */
class HistoryAccount {
  readonly id: string;
  readonly region: string;
  readonly iam: IAMClient;
  readonly #sandbox: SandboxAccount;
  readonly #issuer: string;
  readonly #sts: STSClient;
  /** `WHO ID` of roles that let a ServiceAccount in: its sessions may live. */
  readonly #entered = new Set<string>();
  credentials: AwsCredentials = { accessKeyId: "", secretAccessKey: "" };

  constructor(
    sandbox: SandboxAccount,
    place: { readonly region: string; readonly issuer: string },
    clients: AccountClients,
  ) {
    this.#sandbox = sandbox;
    this.#issuer = place.issuer;
    this.#sts = clients.sts;
    this.id = sandbox.account;
    this.region = place.region;
    this.iam = clients.iam;
  }

  /** An ARN of the first account, as it would be of this one; and back. */
  local<T>(value: T): T {
    return JSON.parse(JSON.stringify(value).replaceAll(firstAccount, this.id)) as T;
  }

  first<T>(value: T): T {
    return JSON.parse(JSON.stringify(value).replaceAll(this.id, firstAccount)) as T;
  }

  async reset(): Promise<void> {
    await this.#sandbox.reset();
    this.#entered.clear();
    const lets = { Effect: "Allow", Principal: { AWS: this.id }, Action: "sts:AssumeRole" };
    await this.#sandbox.seed({
      providers: [{ url: this.#issuer, audiences: ["sts.amazonaws.com"], thumbprints: ["0".repeat(40)] }],
      roles: [{ name: operatorRole, trustPolicy: document(lets), inline: { all: document(everything) } }],
    });
    await makePolicies(this.iam, this.local(policies));
    const RoleArn = `arn:aws:iam::${this.id}:role/${operatorRole}`;
    const { Credentials } = await this.#sts.send(
      new AssumeRoleCommand({ RoleArn, RoleSessionName: "operator", DurationSeconds: 3600 }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken } = recordOf(Credentials);
    this.credentials = {
      accessKeyId: String(AccessKeyId),
      secretAccessKey: String(SecretAccessKey),
      sessionToken: String(SessionToken),
    };
  }

  #rights(role: StoredRole, who: string): ReadonlySet<string> {
    const entry = `${who} ${role.id}`;
    const lets = letsIn(role, this.#issuer, who);
    if (lets) this.#entered.add(entry);
    if (!this.#entered.has(entry)) return new Set();
    const later = lets ? rightsOfRole(role, "2090-01-01T00:00:00Z") : [];
    return new Set([...rightsOfRole(role), ...later]);
  }

  #isWithin(
    role: StoredRole,
    who: string,
    rights: ReadonlySet<string>,
    trusts: readonly JsonRecord[],
  ): boolean {
    const [namespace] = who.split("/");
    const isFor = ({ namespaces, accounts }: JsonRecord): boolean =>
      [namespace, "*"].some((one) => (namespaces as readonly unknown[]).includes(one)) &&
      (accounts as readonly unknown[]).includes(this.id);
    return trusts
      .flatMap((trust) => recordsOf(trust["grants"]).filter(isFor))
      .some((grant) => isWithin(rights, rightsOfGrant(this.first(grant) as unknown as GrantSpec, role)));
  }

  /** Whether the operator is as it was made. */
  async #itself(): Promise<RightsByOne> {
    const asked = new GetRolePolicyCommand({ RoleName: operatorRole, PolicyName: "all" });
    const isThere = await this.iam.send(asked).then(
      () => true,
      () => false,
    );
    const rights = new Set(isThere ? ["what it needs"] : []);
    return { who: operatorItself, what: this.id, of: this.id, rights, isWithin: () => true };
  }

  async held(): Promise<readonly RightsByOne[]> {
    const [roles, itself] = await Promise.all([allRoles(this.iam), this.#itself()]);
    const held = roles.flatMap((stored) => {
      const role = this.first(stored);
      return people.map((who): RightsByOne => {
        const rights = this.#rights(role, who);
        return {
          who,
          what: `${this.id} ${role.name}`,
          of: this.id,
          rights,
          isForeign: role.tags["podtrust:stack"] === undefined,
          isWithin: (trusts) => rights.size === 0 || this.#isWithin(role, who, rights, trusts),
        };
      });
    });
    return [itself, ...held];
  }

  async deed(deed: string, who: string): Promise<void> {
    for (const command of commandsOf(deed, `prod.${who.replace("/", ".")}`, this.id))
      // One client takes all of these commands; what is not there to be changed is not changed.
      await this.iam.send(command as AttachRolePolicyCommand).catch(() => undefined);
  }
}

/** Two accounts of a sandbox, and an operator that has a role in each. */
class AwsVendor implements Vendor, PartySpecs {
  readonly clock = new MovedClock();
  onCall: Vendor["onCall"] = () => Promise.resolve("done");
  onDone: Vendor["onDone"] = () => Promise.resolve();
  readonly #sandbox: TestSandbox;
  readonly #accounts: readonly HistoryAccount[];
  #late: (() => Promise<void>)[] = [];
  /** Calls that their turn may not have waited for. */
  #underWay: Promise<void>[] = [];
  #open: { close(): void } | undefined;

  constructor(sandbox: TestSandbox, accounts: readonly HistoryAccount[]) {
    this.#sandbox = sandbox;
    this.#accounts = accounts;
  }

  #placed(place: number): readonly HistoryAccount[] {
    return place === 2 ? this.#accounts : this.#accounts.slice(place, place + 1);
  }

  readonly mint: Vendor["mint"] = (namespace, name) => {
    const iat = Math.floor(systemClock.now() / 1000);
    const sub = `system:serviceaccount:${namespace}:${name}`;
    return this.#sandbox.token({ sub, iat, exp: iat + 600 });
  };

  async reset(): Promise<void> {
    await Promise.all(this.#accounts.map((one) => one.reset()));
  }

  trustSpec(_name: string, of: readonly number[], place: number): JsonRecord {
    const placed = this.#placed(place);
    const accounts = placed.map(({ id }) => id);
    return {
      stack: "prod",
      issuer: this.#sandbox.issuer.issuer,
      accounts: placed.map(({ id, region }) => ({ id, region })),
      grants: of.map((index) => {
        const { adoptRoles, boundary, ...grant } = awsGrants[index] as NamespaceGrant;
        const inEach = (arns: readonly string[]): readonly string[] =>
          placed.flatMap((one) => one.local(arns)).filter((one, at, all) => all.indexOf(one) === at);
        const more = {
          adoptRoles: mapped(adoptRoles, inEach),
          boundary: mapped(boundary, (name) => placed[0]?.local(name)),
        };
        return { ...grant, accounts, policies: inEach(grant.policies), ...defined(more) };
      }),
    };
  }

  bindingSpec(spec: number, place: number): JsonRecord {
    const [account] = this.#placed(place % 2);
    const roles = (awsSpecs[spec] ?? []).map((managed, index) => ({
      profile: index === 0 ? "default" : `other-${spec}`,
      account: account?.id,
      managed: account?.local(managed),
    }));
    return { roles };
  }

  /** In accounts of the trust: a role in another is a former trust's, which has ten minutes more. */
  named(status: JsonRecord, trust: JsonRecord): readonly string[] {
    const accounts = recordsOf(trust["accounts"]).map(({ id }) => id);
    return recordsOf(status["roles"]).flatMap(({ arn: of }) => {
      const [, , , , id = "", path = ""] = String(of).split(":");
      return accounts.includes(id) ? [`${id} ${path.split("/").at(-1) ?? ""}`] : [];
    });
  }

  /** A session of the operator, whose calls have the fates of the history. */
  #session(access: AwsAccess): AwsSession {
    const account = this.#accounts.find(({ region }) => region === access.region);
    if (account === undefined) throw new Error(`there is no account for ${access.region}`);
    const endpoint = this.#sandbox.sandbox.url;
    const session = openAws({ ...access, endpoint, credentials: account.credentials, attempts: 1 });
    let wrapped: Promise<IAMClient> | undefined;
    const wrap = async (): Promise<IAMClient> => {
      const client = await session.iam();
      client.middlewareStack.add(
        (next, context) => async (args) => {
          const action = String((context as { commandName?: string }).commandName).replace(/Command$/u, "");
          if (isReading(action)) return next(args);
          const call = {
            text: `${action} ${JSON.stringify(args.input)} in account ${account.id}`,
            of: account.id,
          };
          return this.#called(call, () => next(args));
        },
        { step: "initialize", name: "fates" },
      );
      return client;
    };
    return { ...session, iam: () => (wrapped ??= wrap()) };
  }

  async #called<T>(call: VendorCall, work: () => Promise<T>): Promise<T> {
    const failure = Object.assign(new Error("trouble"), { name: "ServiceFailure" });
    const fate = await this.onCall(call);
    if (fate === "refused") throw failure;
    if (fate === "throttled") throw Object.assign(new Error("Rate exceeded"), { name: "Throttling" });
    const done = async (): Promise<T> => {
      try {
        return await work();
      } finally {
        await this.onDone(call);
      }
    };
    if (fate === "late") {
      this.#late.push(() =>
        done().then(
          () => {},
          () => {},
        ),
      );
      throw failure;
    }
    const doing = done();
    this.#underWay.push(
      doing.then(
        () => {},
        () => {},
      ),
    );
    const answer = await doing;
    if (fate !== "done") throw failure;
    return answer;
  }

  async operate(...[tools, load]: Parameters<Vendor["operate"]>) {
    this.#open?.close();
    const { bindingControllers, BoundAccounts, ClusterView } = (await load("index.ts")) as typeof operating;
    const { followedBy } = (await load("controllers.ts")) as typeof controllers;
    const aws = new BoundAccounts({ clock: this.clock, open: (access) => this.#session(access) });
    this.#open = aws;
    const view = new ClusterView(tools.api, this.clock);
    return bindingControllers({ ...followedBy(tools, "aws", view), aws });
  }

  async held(of?: string): Promise<readonly RightsByOne[]> {
    const asked = this.#accounts.filter(({ id }) => of === undefined || of === id);
    return (await Promise.all(asked.map((one) => one.held()))).flat();
  }

  async deed(deed: string, who: string): Promise<void> {
    for (const one of this.#accounts) await one.deed(deed, who);
  }

  async settleLate(): Promise<void> {
    await Promise.all(this.#underWay.splice(0));
    for (const one of this.#late.splice(0)) await one();
  }

  async close(): Promise<void> {
    this.#open?.close();
    await this.#sandbox.close();
  }
}

/** AWS: two trusts of one stack, and two accounts that come and go. */
export const awsHistories: HistoryParty = {
  kinds: { binding: "AWSRoleBinding", trust: "AWSTrust" },
  trustPlaces: [2, 0, 1],
  places: 2,
  grants: awsGrants.length,
  specs: awsSpecs.length,
  deeds: awsDeeds,
  looks: { minutes: 4, count: 5 },
  // A binding that is being deleted may still say onDelete: its sessions go on as long as they last.
  retained(note, { what }) {
    const [id = "", name = ""] = what.split(" ");
    const [arns = "", why] = note.split(": stays, as onDelete says");
    return (
      why !== undefined &&
      arns.split(", ").some((arn) => arn.includes(`::${id}:`) && arn.endsWith(`/${name}`))
    );
  },
  async start() {
    const sandbox = await startTestSandbox({ clock: systemClock });
    const second = await sandbox.sandbox.newAccount();
    const { issuer } = sandbox.issuer;
    const accountOf = (one: SandboxAccount, region: string): HistoryAccount =>
      new HistoryAccount(
        one,
        { region, issuer },
        { iam: sandbox.iam(one.admin), sts: sandbox.sts(one.admin) },
      );
    return new AwsVendor(sandbox, [
      accountOf(sandbox.sandbox, "eu-central-1"),
      accountOf(second, "eu-west-1"),
    ]);
  },
};
