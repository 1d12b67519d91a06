import {
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  GetRoleCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
} from "@aws-sdk/client-iam";
import { type AwsAccess, type AwsSession, openAws } from "../../../src/providers/aws/index.ts";
import { type Clock, systemClock } from "../../../src/core/base/index.ts";
import {
  type KubernetesApi,
  type KubernetesObject,
  openKubernetes,
} from "../../../src/providers/kubernetes/index.ts";
import { type Sandbox, startSandbox } from "../../../src/sandbox/index.ts";
import {
  type BindingClients,
  type BindingOutcome,
  BoundAccounts,
  ClusterView,
  reconcileBinding,
} from "../../../src/operator/bindings/index.ts";
import { account, trustSpec } from "../../support/bindings/objects.ts";
import { testAuthority } from "../../support/certificates.ts";
import { type IssuerServer, startIssuer } from "../../support/issuer-server.ts";
import type { ControlPlane, ControlPlaneOptions } from "../harness/index.ts";
import { makeTrust, startBindingsPlane } from "./plane.ts";
import { startUnreliable, type Unreliable } from "./unreliable.ts";

/** The machine's time, which a test moves forward. */
export class MovedClock implements Clock {
  #by = 0;

  now(): number {
    return systemClock.now() + this.#by;
  }

  elapsed(): number {
    return systemClock.elapsed() + this.#by;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  move(ms: number): void {
    this.#by += ms;
  }
}

/** A role as IAM has it. */
export interface RoleAttributes {
  readonly id: string;
  readonly trust: string;
  readonly boundary: string | undefined;
  readonly policies: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A real API server with our objects, an account in the sandbox that trusts it, and the operator's rights in both. */
export interface BindingsWorld {
  readonly plane: ControlPlane;
  readonly admin: KubernetesApi;
  readonly issuer: IssuerServer;
  readonly sandbox: Sandbox;
  readonly aws: Unreliable;
  readonly iam: IAMClient;
  readonly clock: MovedClock;
  readonly clients: BindingClients & { readonly aws: BoundAccounts };
  /** What the accounts were said to do: that calls are slowed down. */
  readonly notices: readonly string[];
  /** A role by its name; undefined where there is none. */
  readonly role: (name: string) => Promise<RoleAttributes | undefined>;
  readonly binding: (namespace: string, name: string) => Promise<KubernetesObject | undefined>;
  /** One pass of a binding, as the operator. */
  readonly pass: (namespace: string, name: string, at?: Clock) => Promise<BindingOutcome>;
  /** Passes until it ends as wanted, 40 at the most. */
  readonly passes: (
    namespace: string,
    name: string,
    until: (outcome: BindingOutcome) => boolean,
  ) => Promise<BindingOutcome>;
  readonly stop: () => Promise<void>;
}

const authority = await testAuthority();
export const namespaces = ["shop", "team-a", "team-b", "other", "doomed"] as const;

export const isReady = ({ conditions }: BindingOutcome): boolean =>
  conditions.some(({ type, status }) => type === "Ready" && status === "True");

/** `Ready`'s status and reason. */
export function readyOf({ conditions }: BindingOutcome): string {
  const found = conditions.find(({ type }) => type === "Ready");
  return `${found?.status} ${found?.reason}`;
}

function rolesOf(iam: IAMClient) {
  return async (RoleName: string): Promise<RoleAttributes | undefined> => {
    try {
      const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
      const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
      return {
        id: Role?.RoleId ?? "",
        trust: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""),
        boundary: Role?.PermissionsBoundary?.PermissionsBoundaryArn,
        policies: (attached.AttachedPolicies ?? []).map(({ PolicyArn = "" }) => PolicyArn),
        tags: Object.fromEntries((Role?.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
      };
    } catch (error) {
      if ((error as Error).name === "NoSuchEntityException") return undefined;
      throw error;
    }
  };
}

/** Makes the issuer's OIDC provider, and the policies that the cases name. */
export async function prepareAccount(iam: IAMClient, Url: string): Promise<void> {
  await iam.send(new CreateOpenIDConnectProviderCommand({ Url, ClientIDList: ["sts.amazonaws.com"] }));
  const document = { Version: "2012-10-17", Statement: { Effect: "Allow", Action: "s3:*", Resource: "*" } };
  const PolicyDocument = JSON.stringify(document);
  await iam.send(new CreatePolicyCommand({ PolicyName: "tenants", PolicyDocument }));
  await iam.send(new CreatePolicyCommand({ PolicyName: "read", Path: "/shop/", PolicyDocument }));
}

async function awsSide(issuer: IssuerServer, propagationMs: number) {
  const sandbox = await startSandbox({
    account,
    ca: authority.root,
    connectTo: issuer.connectTo,
    propagationMs,
  });
  const iam = new IAMClient({ endpoint: sandbox.url, region: "eu-central-1", credentials: sandbox.admin });
  await prepareAccount(iam, issuer.issuer);
  return { sandbox, iam };
}

/** A real API server with our objects, whose issuer AWS can reach. */
export interface TrustingPlane {
  readonly plane: ControlPlane;
  readonly admin: KubernetesApi;
  readonly issuer: IssuerServer;
  /** PEM that stands in for the public roots. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
}

/** Starts one; `more` about its API servers. */
export async function startTrustingPlane(more: Partial<ControlPlaneOptions> = {}): Promise<TrustingPlane> {
  const issuer = await startIssuer(authority);
  const jwksUri = `${issuer.issuer}/openid/v1/jwks`;
  const plane = await startBindingsPlane({ ...more, issuer: issuer.issuer, jwksUri }, namespaces);
  await makeTrust(plane, { ...trustSpec, issuer: issuer.issuer });
  const admin = await openKubernetes({ kubeconfig: plane.adminKubeconfig });
  const { jwks } = await admin.oidcDocuments();
  issuer.publish((JSON.parse(jwks.toString()) as { keys: object[] }).keys);
  return {
    plane,
    admin,
    issuer,
    ca: authority.root,
    async stop() {
      await issuer.close();
      await plane.stop();
    },
  };
}

/** Starts it all; `plane`: more about the API servers. */
export async function startBindingsWorld({
  propagationMs = 0,
  plane: more = {},
}: {
  readonly propagationMs?: number;
  readonly plane?: Partial<ControlPlaneOptions>;
} = {}): Promise<BindingsWorld> {
  const trusting = await startTrustingPlane(more);
  const { plane, admin, issuer } = trusting;
  const { sandbox, iam } = await awsSide(issuer, propagationMs);
  const aws = await startUnreliable(sandbox.url);
  const clock = new MovedClock();
  const open = (access: AwsAccess): AwsSession =>
    openAws({ ...access, endpoint: aws.url, credentials: sandbox.admin, attempts: 2 });
  const notices: string[] = [];
  const accounts = new BoundAccounts({ clock, open, notice: (text) => notices.push(text) });
  const token = await plane.requestToken("podtrust", "podtrust-operator", issuer.issuer);
  const cluster = await openKubernetes({ kubeconfig: plane.kubeconfigWithToken(token) });
  const clients = { cluster, aws: accounts };
  const binding = (namespace: string, name: string): Promise<KubernetesObject | undefined> =>
    admin.read({ kind: "AWSRoleBinding", namespace, name });
  let watch: Pick<Clock, "elapsed"> = clock;
  const view = new ClusterView(cluster, { elapsed: () => watch.elapsed() });
  const pass: BindingsWorld["pass"] = async (namespace, name, at = clock) => {
    const object = await cluster.read({ kind: "AWSRoleBinding", namespace, name });
    watch = at;
    const deletedFor = view.deletedFor(`${namespace}/${name}`, object);
    if (object === undefined) throw new Error(`there is no binding ${namespace}/${name}`);
    const trustName = (object["spec"] as { trust: string }).trust;
    const trust = await cluster.read({ kind: "AWSTrust", name: trustName });
    return reconcileBinding({ object, trust, deletedFor }, clients, at);
  };
  return {
    plane,
    admin,
    issuer,
    sandbox,
    aws,
    iam,
    clock,
    clients,
    notices,
    role: rolesOf(iam),
    binding,
    pass,
    async passes(namespace, name, until) {
      for (let tries = 0; ; tries += 1) {
        const outcome = await pass(namespace, name);
        if (until(outcome)) return outcome;
        if (tries >= 40) throw new Error(`after ${tries} passes: ${JSON.stringify(outcome)}`);
        // Waits are the operator's queue's; here a moment is enough, and a look at the account is never too old.
        await clock.sleep(50);
        clock.move(Math.min(outcome.againIn ?? 0, 1000));
      }
    },
    async stop() {
      accounts.close();
      iam.destroy();
      await aws.close();
      await sandbox.close();
      await trusting.stop();
    },
  };
}
