import { PodtrustError } from "../../../base/index.ts";
import {
  type AwsAccess,
  type AwsSession,
  accessOf,
  assumeWithWebIdentity,
  awsError,
  checkAccount,
  complaintOf,
  type OidcProviderFacts,
  openAws,
  ownedResources,
  type RoleState,
} from "../../../aws/index.ts";
import type { AwsConfig, RoleConfig } from "../../../config/index.ts";
import { seeIssuer } from "../../../issuer/index.ts";
import { type Change, noInputs, type Observed, type Resource } from "../../../plan/index.ts";
import type { Goal, Part, PartContext, Place, Preflight } from "../part.ts";
import { providerArnOf, roleArnOf } from "./role-trust.ts";
import { leastAwsPolicy, type AwsPolicy } from "./least-policy.ts";
import { preflight } from "./preflight.ts";
import { accountResources, type AccountResources } from "./resources.ts";
import { type TokenOwner, untilUsable, untilUsableBy, type Waiting } from "./usable.ts";

export interface AwsPartContext extends PartContext {
  /** How a session is opened; the SDK's own chain of credentials unless told. */
  readonly open?: (access: AwsAccess) => AwsSession;
}

/** A resource as it was found, and the names of its fields that are not as the config has them. */
export interface Look<State> {
  readonly observed: Observed<State>;
  readonly fields: readonly string[];
}

/** What STS answered to a token. */
export type Exchange =
  | {
      readonly kind: "accepted";
      /** Of the session. */
      readonly arn: string;
      /** As the token has it. */
      readonly subject: string;
      /** When the credentials end, in milliseconds since the epoch. */
      readonly expiration: number;
    }
  /** AWS's own code and text. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

/** One account of the config. */
export interface AwsPart extends Part {
  readonly kind: "aws";
  readonly account: AwsConfig;
  readonly providerArn: string;
  /** The OIDC provider of the issuer as it is. Throws `aws-*`; `open` first. */
  lookAtProvider(signal: AbortSignal): Promise<Look<OidcProviderFacts>>;
  /** A role of the config as it is. Throws `aws-*`; `open` first. */
  lookAtRole(role: RoleConfig, signal: AbortSignal): Promise<Look<RoleState>>;
  /**
   * sts:AssumeRoleWithWebIdentity for a role of the config, unsigned as a workload calls it: needs no credentials
   * and no `open`. Without a token the call is made to see it refused. Throws `aws-unreachable`, `aws-throttled`
   * and `aws-unavailable` where STS gave no answer of its own.
   */
  exchange(role: RoleConfig, token: string | undefined, signal: AbortSignal): Promise<Exchange>;
  /**
   * Waits until STS lets a ServiceAccount's token into a role of the config. What keeps it from being asked is a
   * notice. Throws `aws-not-assumable` at the deadline.
   */
  untilUsable(role: RoleConfig, owner: TokenOwner, work: Waiting): Promise<void>;
  /** The least that whoever runs `plan`, `up` and `down` needs in this account. */
  leastPolicy(): AwsPolicy;
}

const noAnswer: readonly string[] = ["aws-unreachable", "aws-throttled", "aws-unavailable"];

function lookOf<State>(resource: Resource<State>, observed: Observed<State>): Look<State> {
  const fields = observed.exists ? resource.diff(observed, noInputs).fields.map(({ field }) => field) : [];
  return { observed, fields };
}

class AccountPart implements AwsPart {
  readonly kind = "aws";
  readonly account: AwsConfig;
  readonly #context: AwsPartContext;
  readonly #session: AwsSession;
  #place: Promise<Place> | undefined;

  constructor(context: AwsPartContext, account: AwsConfig) {
    this.account = account;
    this.#context = context;
    this.#session = (context.open ?? openAws)(accessOf(account, context.clock));
  }

  get id(): string {
    return `aws/${this.account.account}`;
  }

  get providerArn(): string {
    return providerArnOf(this.account, this.#context.config.issuer);
  }

  readonly #seeIssuer = async (signal: AbortSignal): Promise<void> => {
    const { config, way = {} } = this.#context;
    await seeIssuer(config.issuer, way, signal);
  };

  #resources(goal: Goal): AccountResources {
    const { config, env, clock, consent, way = {}, notice = () => {} } = this.#context;
    const { account } = this;
    const session = this.#session;
    return accountResources({
      config,
      account,
      session,
      ...(goal === "present" ? { way } : {}),
      beforeCreate: this.#seeIssuer,
      untilUsable: (role) => untilUsable({ config, account, session, env, clock, consent, notice }, role),
    });
  }

  desired(goal: Goal): readonly Resource[] {
    const { provider, roles } = this.#resources(goal);
    return [provider, ...roles.map(({ resource }) => resource as Resource)];
  }

  open(signal: AbortSignal): Promise<Place> {
    const { account, region } = this.account;
    this.#place ??= checkAccount(this.#session, account, signal).then(({ arn }) => ({
      where: `account ${account}, ${region}`,
      caller: arn,
    }));
    return this.#place;
  }

  owned(signal: AbortSignal): Promise<readonly Resource[]> {
    const { stack } = this.#context.config;
    return ownedResources(this.#session, { stack, account: this.account.account }, signal);
  }

  preflight(changes: readonly Change[], signal: AbortSignal): Promise<Preflight> {
    const { roles } = this.#resources("present");
    const wishes = new Map(roles.map(({ resource, wish }) => [resource.id, wish]));
    return preflight({
      account: this.account.account,
      session: this.#session,
      changes,
      wishes,
      signal,
      seeIssuer: this.#seeIssuer,
    });
  }

  async lookAtProvider(signal: AbortSignal): Promise<Look<OidcProviderFacts>> {
    const { provider } = this.#resources("absent");
    return lookOf(provider, await provider.read(signal, noInputs));
  }

  async lookAtRole(role: RoleConfig, signal: AbortSignal): Promise<Look<RoleState>> {
    const resource = this.#resources("absent").roles.find((one) => one.role === role)?.resource;
    if (resource === undefined) throw new TypeError(`${role.name} is no role of ${this.id}`);
    return lookOf(resource, await resource.read(signal, noInputs));
  }

  async exchange(role: RoleConfig, token: string | undefined, signal: AbortSignal): Promise<Exchange> {
    const roleArn = roleArnOf(this.account, role);
    const request = {
      roleArn,
      sessionName: role.sessionName ?? role.name,
      ...(token === undefined ? {} : { token }),
    };
    try {
      const { arn, subject, expiration } = await assumeWithWebIdentity(this.#session, request, signal);
      return { kind: "accepted", arn, subject, expiration };
    } catch (thrown) {
      signal.throwIfAborted();
      const error = awsError(thrown, `assuming role ${roleArn}`);
      if (thrown instanceof PodtrustError || noAnswer.includes(error.code)) throw error;
      return { kind: "refused", ...complaintOf(thrown) };
    }
  }

  untilUsable(role: RoleConfig, owner: TokenOwner, work: Waiting): Promise<void> {
    const { notice = () => {} } = this.#context;
    return untilUsableBy({ account: this.account, session: this.#session, notice }, role, owner, work);
  }

  leastPolicy(): AwsPolicy {
    return leastAwsPolicy(this.#context.config, this.account);
  }

  close(): void {
    this.#session.close();
  }
}

/** One account of a config. Opens no connection. */
export function awsPart(context: AwsPartContext, account: AwsConfig): AwsPart {
  return new AccountPart(context, account);
}

/** The accounts of a config, in its order. */
export function awsParts(context: AwsPartContext): readonly AwsPart[] {
  return context.config.aws.map((account) => awsPart(context, account));
}
